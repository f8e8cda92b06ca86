"""The words of notices in plain English: what the glossary shows, in the order of the alphabet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the field: its name in addresses, the word, and what it means."""

    id: str
    word: str
    meaning: str


GLOSSARY = (
    Term("award", "Award", "The buyer’s decision who gets the contract, before it is signed."),
    Term(
        "award-criteria",
        "Award criteria",
        "What bids are scored on, such as quality, social value and price, with the weight of"
        " each.",
    ),
    Term(
        "below-threshold",
        "Below threshold",
        "So small that only a few of the Procurement Act’s rules apply. Every sum includes VAT.",
    ),
    Term(
        "buyer",
        "Buyer",
        "The public body that pays. The law calls it the contracting authority.",
    ),
    Term(
        "call-off",
        "Call-off",
        "A contract given to somebody who is on a framework already.",
    ),
    Term(
        "commissioning",
        "Commissioning",
        "Finding out what people need, deciding what would help, paying for it, and looking whether"
        " it did. Procurement is the part about contracts.",
    ),
    Term(
        "conditions-of-participation",
        "Conditions of participation",
        "What you must have to be allowed to bid, such as accounts, insurance or experience. They"
        " must be in proportion to the contract.",
    ),
    Term(
        "consortium",
        "Consortium",
        "Several organisations that bid together, often with one of them in the lead.",
    ),
    Term(
        "cpv",
        "CPV code",
        "A number for what is bought, from one European list. 92 is culture, sport and recreation;"
        " but a youth service may be under 85 (health and social work).",
    ),
    Term(
        "direct-award",
        "Direct award",
        "A contract without competition, where the law allows it. A transparency notice comes"
        " first.",
    ),
    Term(
        "dynamic-market",
        "Dynamic market",
        "A list of approved suppliers that you can join at any time. Only they are asked to bid.",
    ),
    Term(
        "expression-of-interest",
        "Expression of interest",
        "A short note that you would like to hear more, or to bid. It binds you to nothing.",
    ),
    Term(
        "framework",
        "Framework",
        "An agreement with one or more suppliers on terms under which contracts are given later."
        " It promises no work, and for its years nobody else may join unless it is an open one.",
    ),
    Term(
        "grant",
        "Grant",
        "Money for work that you propose. A contract pays for work that the buyer specifies, and"
        " can"
        " be enforced.",
    ),
    Term(
        "incumbent",
        "Incumbent",
        "Whoever has the contract now. Their award notice tells you the price and the end date.",
    ),
    Term(
        "kpi",
        "KPI",
        "Key performance indicator: a number by which the buyer judges how the contract goes.",
    ),
    Term(
        "light-touch",
        "Light touch contract",
        "A contract for certain services to people, among them social, health, education and"
        " cultural ones, with more freedom in how it is bought and a higher threshold.",
    ),
    Term(
        "lot",
        "Lot",
        "A part of a contract that you may bid for alone, for example one district or one age"
        " group.",
    ),
    Term(
        "market-engagement",
        "Market engagement",
        "The buyer asks around before it decides what to buy: meetings, surveys, visits. The best"
        " time to be heard.",
    ),
    Term(
        "most-advantageous-tender",
        "Most advantageous tender",
        "The bid that meets the buyer’s needs and scores best on the award criteria. It need not be"
        " the cheapest.",
    ),
    Term(
        "ocid",
        "OCID",
        "The number that all notices of one procurement share, from the first idea to the end.",
    ),
    Term(
        "pipeline",
        "Pipeline",
        "A buyer’s list of larger contracts to come in the next year and a half.",
    ),
    Term(
        "reserved-contract",
        "Reserved contract",
        "A contract for which only some kinds of organisations may bid, such as local ones,"
        " charities"
        " or those that employ disabled people.",
    ),
    Term(
        "sme-vcse",
        "SME and VCSE",
        "Small and medium-sized enterprises; voluntary, community and social enterprises. Most arts"
        " organisations are one, many are both.",
    ),
    Term(
        "social-value",
        "Social value",
        "The good that a contract does beyond what it is for, to people, places and nature.",
    ),
    Term(
        "standstill",
        "Standstill",
        "The working days (at least eight) between announcing who won and signing, in which others"
        " may object.",
    ),
    Term(
        "subcontractor",
        "Subcontractor",
        "Whoever does part of the work for the one that holds the contract.",
    ),
    Term(
        "tender",
        "Tender",
        "Your formal bid. People also call the whole competition a tender.",
    ),
    Term(
        "threshold",
        "Threshold",
        "The value from which the full rules apply. It depends on the kind of buyer and of"
        " contract.",
    ),
    Term(
        "tupe",
        "TUPE",
        "The law by which staff may move to the new provider, with their terms, when a service"
        " changes hands. Ask early whether it applies.",
    ),
)
