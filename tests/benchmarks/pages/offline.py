"""A plugin of asv: `asv publish` writes pages that load nothing from the network.

asv's page names its libraries by web address. They are kept in the folder libraries, from the npm registry, each with
its licence (flot-orderbars has it in the file's first lines), in the versions that asv names; of stupid-table-plugin
npm has 1.1.3 only, and flot is kept as written instead of minified.
"""

import re
import shutil
from pathlib import Path

from asv.publishing import OutputPublisher
from asv.util import UserError

LIBRARIES = Path(__file__).parent / "libraries"
#: How an address ends -> the file that stands in for it.
KEPT = {
    "/jquery-3.3.1.min.js": "jquery-3.3.1/jquery.min.js",
    "/flot/0.8.3/jquery.flot.min.js": "flot-0.8.3/jquery.flot.js",
    "/flot/0.8.3/jquery.flot.time.min.js": "flot-0.8.3/jquery.flot.time.js",
    "/flot/0.8.3/jquery.flot.selection.min.js": "flot-0.8.3/jquery.flot.selection.js",
    "/flot/0.8.3/jquery.flot.categories.min.js": "flot-0.8.3/jquery.flot.categories.js",
    "/flot-orderbars@1.0.0/js/jquery.flot.orderBars.js": "flot-orderbars-1.0.0/jquery.flot.orderBars.js",
    "/stupidtable/1.0.1/stupidtable.min.js": "stupid-table-plugin-1.1.3/stupidtable.min.js",
    "/blueimp-md5/2.19.0/js/md5.min.js": "blueimp-md5-2.19.0/md5.min.js",
    "/bootstrap@3.1.1/dist/js/bootstrap.min.js": "bootstrap-3.1.1/bootstrap.min.js",
    "/bootstrap@3.1.1/dist/css/bootstrap.min.css": "bootstrap-3.1.1/bootstrap.min.css",
}
LOADING = re.compile(r'<(?:script|link)\b[^>]*?\b(?P<what>src|href)="(?P<address>(?:https?:)?//[^"]*)"[^>]*>')
#: What a browser checks of a file from elsewhere; the ones kept here need not be the same bytes.
CHECKS = re.compile(r'\s+(?:integrity|crossorigin|referrerpolicy)="[^"]*"')


def offline(page):
    """The page with every library loaded from the folder beside it; an unknown address is an error."""

    def kept(match):
        address = match["address"]
        files = [file for ending, file in KEPT.items() if address.endswith(ending)]
        if not files:
            raise UserError(f"asv's page loads {address}, which {LIBRARIES} does not hold: add it there and to KEPT.")
        return CHECKS.sub("", match[0]).replace(address, f"libraries/{files[0]}")

    return LOADING.sub(kept, page)


class OfflinePages(OutputPublisher):
    """asv calls every publisher that it knows of, once its own pages lie in the folder."""

    name = "offline"
    button_label = "Offline"
    description = "Libraries beside the pages"

    @classmethod
    def publish(cls, conf, repo, benchmarks, graphs, revisions):
        """Copy the libraries, rewrite the pages that load them, and leave out benchmarks without any result."""
        folder = Path(conf.html_dir)
        shutil.copytree(LIBRARIES, folder / "libraries")
        for page in folder.glob("*.html"):
            page.write_text(offline(page.read_text(encoding="utf-8")), encoding="utf-8")
        # asv lists every benchmark it knows of in index.json, written next, and the pages ask for files of all of them.
        for name in set(benchmarks) - {graph.benchmark_name for _, graph in graphs}:
            del benchmarks[name]
