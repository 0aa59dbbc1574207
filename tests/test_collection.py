"""The national opinion and the programmes of two unnamed districts, reprinted in one collection with Xi'an's plan."""

from __future__ import annotations

import json

from goals import at_the_edge, figures, measured, otherwise, states

from subsidy import schedule

NATIONAL = schedule("cn/national/elderly-care")
FOURTH = schedule("cn/six-programmes/part-4")
SIXTH = schedule("cn/six-programmes/part-6")


def lottery(name: str, elderly_care: str, **more: str) -> dict[str, str]:
    row = {"account": name, "government": "county", "year": "2022", "retained": "1000000"}
    return {**row, "elderly_care": elderly_care, **more}


def test_goals_of_the_national_opinion() -> None:
    """（五）: 55 %, and the year is blanked, so it holds for any; （二十四）, （二十六）: all of them."""
    assert figures(NATIONAL, "earmark_share") == "55%"
    found = states(
        NATIONAL,
        lottery=[lottery("a reached", "550000"), lottery("b missed", "549999.99", year="2019", government="central")],
        indicator_shares=at_the_edge({"willing_destitute_housed": "100%", "homes_adapted": "100%"}, "2022"),
    )
    assert otherwise(found) == {}
    assert measured(found) == set(NATIONAL.latest.targets)


def test_the_national_opinion_has_no_rate() -> None:
    model = NATIONAL.latest.model
    assert not model.clauses
    assert not [value for value in model.values.values() if "yuan" in value.unit]
    assert {"operating_grant", "internship_subsidy"} <= set(model.unquantified)


def test_goals_of_the_fourth_programme() -> None:
    """The whole lottery fund 80 %, the federation's part 60 % for disabled elders, deposits of six monthly fees."""
    shares = {
        "socially_run_beds": "60%", "nursing_beds_share": "50%", "geriatric_departments": "50%",
        "community_facilities": "100%", "dependent_care_facilities": "100%", "streets_covered": "100%",
        "destitute_homes_adapted": "100%", "referral_channels": "100%", "institutions_with_medical_care": "100%",
    }  # fmt: skip
    federation = {"fund_holder": "disabled_federation"}
    deposit = {"facility": "F", "person": "P", "year": "2022", "monthly_fee": "2000"}
    found = states(
        FOURTH,
        districts=[{"district": "D"}],
        facilities=[{"facility": "F", "district": "D"}],
        lottery=[
            lottery("a reached", "800000"),
            lottery("b missed", "799999.99"),
            lottery("c reached", "0", dependent_facilities="600000", **federation),
            lottery("d missed", "0", dependent_facilities="599999.99", **federation),
        ],
        deposits=[
            {"deposit": "a reached", "deposit_held": "12000", **deposit},
            {"deposit": "b missed", "deposit_held": "12000.01", **deposit},
        ],
        land=[
            {"plan": "a reached", "year": "2022", "inhabitants": "1000", "care_land": "200"},
            {"plan": "b missed", "year": "2022", "inhabitants": "1000", "care_land": "199.99"},
        ],
        indicator_shares=at_the_edge(shares, "2022"),
    )
    assert otherwise(found) == {}
    assert measured(found) == set(FOURTH.latest.targets)


def test_doubtful_figures_of_the_fourth_programme_stand_in_its_notes_only() -> None:
    """78 beds; 10 m² for 1,000; 3 directors, 50 head carers and 5 carers: digits were lost in the copy."""
    model = FOURTH.latest.model
    notes = "".join(note.text.zh for note in model.notes)
    assert [words for words in ("78张", "10平方米", "3名院长", "50名护理主管", "5名护理员") if words not in notes] == []
    used = json.dumps([value.figures for value in model.values.values()])
    assert [figure for figure in ('"78"', '"10"', '"3"', '"50"', '"5"') if figure in used] == []


def test_goals_of_the_sixth_programme() -> None:
    """Nursing beds 60 % in new and 50 % in rebuilt homes, contracts of ten years, one post at least in each town."""
    assert figures(SIXTH, "nursing_goal") == {"new": "60%", "rebuilt": "50%"}
    assert figures(SIXTH, "service_age") == "70"
    found = states(
        SIXTH,
        lottery=[lottery("a reached", "550000"), lottery("b missed", "549999.99")],
        outsourcing=[
            {"agreement_row": "a reached", "year": "2022", "length": "10"},
            {"agreement_row": "b missed", "year": "2022", "length": "11"},
        ],
        villages=[
            {"village": "a reached", "year": "2022", "responsible": "1", "helpers": "2"},
            {"village": "b missed", "year": "2022", "responsible": "0", "helpers": "3"},
        ],
    )
    assert otherwise(found) == {}
    assert measured(found) == set(SIXTH.latest.targets) - {"nursing_share", "posts_of_towns"}
