"""Files of products for programs of an affiliate's own: items in, a file out; pure.

A new format is a file here and a line in FORMATS.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TextIO

from affiliates.feeds import google, json_feed, rss
from affiliates.feeds.items import Channel, Item
from affiliates.models import FeedFormat

__all__ = ["FORMATS", "Channel", "Item"]


class Format(NamedTuple):
    write: Callable[[Channel, Iterable[Item], TextIO], None]
    content_type: str
    ending: str


FORMATS = {
    FeedFormat.GOOGLE_XML: Format(google.write_xml, "application/rss+xml", "xml"),
    FeedFormat.GOOGLE_TSV: Format(google.write_tsv, "text/tab-separated-values", "tsv"),
    FeedFormat.RSS: Format(rss.write, "application/rss+xml", "xml"),
    FeedFormat.JSON: Format(json_feed.write, "application/feed+json", "json"),
}
