"""Container images, each by its repository and its digest."""

from __future__ import annotations

from compiler.model.base import Model
from compiler.model.text import Digest, ImageVersion, Reason, Release, Repository


class Image(Model):
    """The image of the API.

    ``release`` is a digest, or the word ``unreleased`` with a ``reason`` while there is none.
    """

    repository: Repository
    """The image's repository: the registry's host and a path, without a tag."""
    release: Release
    """The image's digest; or a tag, in development only; or ``unreleased``."""
    reason: Reason | None = None
    """The reason why there is no digest yet."""

    @property
    def reference(self) -> str:
        """The image's reference in a pod: by digest, or by tag."""
        return f"{self.repository}{'@' if self.release.startswith('sha256:') else ':'}{self.release}"


class StoreImage(Model):
    """The image of a store, or of a program beside one: a copy, in the bank's registry, of an image by others."""

    repository: Repository
    """The copy's repository: the registry's host and a path, without a tag."""
    version: ImageVersion
    """The version of the program that the image holds."""
    release: Digest
    """The image's digest, which is the same in every registry; or ``unreleased``."""
    reason: Reason | None = None
    """The reason why there is no digest yet."""

    @property
    def reference(self) -> str:
        """The image's reference in a pod: by digest, after the version, which CloudNativePG reads there."""
        released = self.release.startswith("sha256:")
        return f"{self.repository}:{self.version}@{self.release}" if released else f"{self.repository}:{self.release}"
