"""The page in the browser: ``--open`` shows the one that is written, or one that is kept in a temporary folder."""

import tempfile
import webbrowser
from pathlib import Path

from tracereport.command.job import Job


def pages_folder() -> Path:
    """A new folder of the user's own, for a page that nobody wants elsewhere; it outlives the run."""
    return Path(tempfile.mkdtemp(prefix="tracereport-"))


def open_page(job: Job, pages: Path) -> str | None:
    """Opens the first page of a job's documents, and takes the folder away if it isn't there.

    Returns:
        What to say where no browser could be found.
    """
    page = next((Path(target) for target, kind in job.targets if kind.name == "html"), None)
    if page is None or page.parent != pages:
        pages.rmdir()
    if page is None or not page.is_file():
        return None
    return None if webbrowser.open(page.resolve().as_uri()) else f"{page}: no browser was found to open it"
