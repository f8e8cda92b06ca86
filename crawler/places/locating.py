"""Where the work of a notice is: evidence in its order of trust, and the reason in words.

1. region names and codes that the notice states; 2. its delivery postcodes; 3. the buyer's name;
4. the buyer's address; 5. places named in title and description. "Any region", "England" and "UK"
are weak statements, for portals fill them in by default: a buyer that plainly works in one place
beats them, and a national buyer's (or an unknown one's) work is then UK-wide.
"""

from __future__ import annotations

from crawler.items import Notice, Place
from crawler.places import mentions
from crawler.places.authorities import authority
from crawler.places.buyers import Resolved, resolve_buyer
from crawler.places.gazetteer import Spot, spots
from crawler.places.regions import NATIONWIDE
from crawler.places.stated import Statement, postcodes_stated, regions_stated
from crawler.places.wording import key

_HERE = frozenset({"authority", "board", "local"})


def locate(notice: Notice) -> Place:
    """The regions and the authority of a notice's work, and why. Never raises."""
    buyer = resolve_buyer(notice.buyer) if notice.buyer else None
    region = regions_stated(notice.region)
    code = regions_stated(notice.nuts)
    known = buyer.regions if buyer and buyer.kind != "national" else ()
    post = postcodes_stated(region.postcodes + notice.postcode, known)
    specific = next((said for said in (region, code) if said.regions or said.deliberate), None)
    if specific and specific.deliberate:
        return _placed(NATIONWIDE, specific.reason, buyer)
    if specific:
        return _placed(specific.regions, specific.reason, buyer, specific, post)
    wide = next((said for said in (region, code) if said.nationwide), None)
    if wide and not region.postcodes and not _works_in_one_place(buyer, post):
        return Place(regions=NATIONWIDE, reason=_wide_reason(wide, buyer))
    if post.regions:
        reason = f"delivery postcode {post.reason}"
        return _placed(post.regions, reason, buyer, post)
    return _from_buyer(notice, buyer) or _from_words(notice, buyer) or _unknown(wide, buyer)


def _works_in_one_place(buyer: Resolved | None, post: Statement) -> bool:
    if buyer is None:
        return False
    # A name may only sound local ("Portsmouth Water"): the postcode must say so too.
    named = buyer.kind == "place" and not set(buyer.regions).isdisjoint(post.regions)
    return named or buyer.kind in _HERE


def _wide_reason(wide: Statement, buyer: Resolved | None) -> str:
    national = buyer is not None and buyer.kind == "national"
    return f"{wide.reason}, and {buyer.reason}" if buyer and national else wide.reason


def _placed(
    regions: tuple[str, ...], reason: str, buyer: Resolved | None, *said: Statement
) -> Place:
    """A place with the authority that buys there, else the one that the statements name."""
    if buyer and buyer.kind == "authority" and buyer.authority:
        return Place(regions=regions, authority=buyer.authority, reason=f"{reason}; {buyer.reason}")
    gss = _chosen(buyer, said)
    if gss is None and not (buyer and buyer.kind == "national"):
        hints = [statement.authority for statement in said]
        hints.append(buyer.authority if buyer and buyer.kind == "local" else None)
        gss = next((code for code in hints if code and _lies_in(code, regions)), None)
    return Place(regions=regions, authority=gss, reason=reason)


def _chosen(buyer: Resolved | None, said: tuple[Statement, ...]) -> str | None:
    """Of the councils that a buyer's name may mean, the one that other evidence points at."""
    if buyer is None or not buyer.candidates:
        return None
    for statement in said:
        if statement.authority in buyer.candidates:
            return statement.authority
        near = [code for code in buyer.candidates if _lies_in(code, statement.regions)]
        if len(near) == 1:
            return near[0]
    return None


def _lies_in(gss: str, regions: tuple[str, ...]) -> bool:
    body = authority(gss)
    return body is not None and not set(body.regions).isdisjoint(regions)


def _from_buyer(notice: Notice, buyer: Resolved | None) -> Place | None:
    if buyer and buyer.kind in ("authority", "board", "local"):
        address = _address(notice, buyer.regions)
        gss = buyer.authority or _chosen(buyer, (address,))
        if address.regions and set(address.regions) < set(buyer.regions):
            return Place(regions=address.regions, authority=gss, reason=address.reason)
        return Place(regions=buyer.regions, authority=gss, reason=buyer.reason)
    if buyer and buyer.kind in ("national", "abroad"):
        return None
    address = _address(notice, buyer.regions if buyer else ())
    if address.regions:
        return Place(regions=address.regions, authority=address.authority, reason=address.reason)
    if buyer and buyer.kind == "place":
        return Place(regions=buyer.regions, authority=buyer.authority, reason=buyer.reason)
    return None


def _address(notice: Notice, known: tuple[str, ...]) -> Statement:
    """What the buyer's address says: code, then postcode, then town."""
    code = regions_stated(notice.buyer_nuts)
    post = (notice.buyer_postcode,) if notice.buyer_postcode else ()
    lies = postcodes_stated(post, known)
    if code.regions and (lies.authority is None or not _lies_in(lies.authority, code.regions)):
        return _said(code, f"buyer's address: {code.reason}")
    if lies.regions:
        return _said(lies, f"buyer's postcode {lies.reason}")
    spot = spots().get(key(notice.buyer_town)) if notice.buyer_town else None
    if isinstance(spot, Spot) and spot.regions:
        return Statement(
            regions=spot.regions, authority=spot.gss, reason=f"buyer's address is in {spot.name}"
        )
    return Statement()


def _said(statement: Statement, reason: str) -> Statement:
    return Statement(regions=statement.regions, authority=statement.authority, reason=reason)


def _from_words(notice: Notice, buyer: Resolved | None) -> Place | None:
    rest = notice.description or " ".join(notice.lots[:3])
    if buyer and buyer.kind == "national":
        rest = ""  # A national body's description names places that it writes about.
    found = mentions.search(notice.title, rest)
    if found:
        reason = f"{found.field} names {found.words}"
        return Place(regions=found.regions, authority=found.authority, reason=reason)
    if words := mentions.nationwide(notice.title, rest):
        return Place(regions=NATIONWIDE, reason=f"the text says '{words}'")
    return None


def _unknown(wide: Statement | None, buyer: Resolved | None) -> Place:
    if wide:
        return Place(regions=NATIONWIDE, reason=_wide_reason(wide, buyer))
    if buyer and buyer.kind in ("national", "abroad"):
        return Place(reason=f"{buyer.reason}, and nothing says where the work is")
    return Place(reason="nothing in the notice says where the work is")
