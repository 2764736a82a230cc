"""Architectures: every net drawn from its modules, Tables 4.5 and 4.6 with our figures, and Figure 4.25."""

from pages.architectures import diagram, importance_view, table_view
from ui import frame
from web import address
from web.hide import group

VIEWS = {
    "diagram": ("Diagram", diagram.show),
    "tables": ("Tables 4.5 and 4.6", table_view.show),
    "importance": ("Figure 4.25", importance_view.show),
}


def main() -> None:
    """Draw the choice of a view, then the view."""
    places = frame.layout()
    with places.controls, group("view"):
        view = address.choice("view", "Show", tuple(VIEWS), lambda name: VIEWS[name][0])
    draw = VIEWS[view][1]
    draw(places)


main()
