"""Which network addresses no request of ours may reach, whatever a page or a link says."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Addresses that a network translates to the IPv4 address in their last 32 bits (RFC 6052)."""


def forbidden(address: str, loopback_allowed: bool) -> bool:
    """Whether `address` (a number, not a name) is one that no request may reach."""
    try:
        number = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return False
    if number.is_loopback:
        return not loopback_allowed
    if number.version == 6 and number in _NAT64:
        return forbidden(str(ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)), loopback_allowed)
    return number.is_multicast or not number.is_global
