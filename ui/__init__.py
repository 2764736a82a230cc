"""The menu and what several pages share: the frame of a page, its colours, curves and job cards."""
