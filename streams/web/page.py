"""The files of the page, packaged beside this module: index.html and what it loads."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from aiohttp import web

INDEX: Final = "index.html"


@dataclass(frozen=True, slots=True)
class Page:
    """`files` by their path below static/. Known before the first request: no request reaches another one."""

    files: Mapping[str, Path]

    @classmethod
    def packaged(cls) -> "Page":
        """Of this installation."""
        root = Path(str(files("streams.web"))) / "static"
        return cls({path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if path.is_file()})

    def answer(self, name: str) -> web.StreamResponse:
        """A file, with ETag and Last-Modified; raises HTTPNotFound."""
        path = self.files.get(name)
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})  # asked again each time, by its ETag
