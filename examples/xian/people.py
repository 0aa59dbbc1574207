"""The people of the made-up city: residents and their abilities, staff and their certificates. Codes, no names."""

from __future__ import annotations

import datetime

from city import END, HOMES, YEARS, City, Date, Row

ABILITIES = ("self_caring", "semi_disabled", "disabled")
LEVELS = ("junior", "intermediate", "senior", "technician", "senior_technician")


def build_people(city: City) -> None:
    """Fill the tables about persons; the places must be there."""
    Census(city).fill()


def after(day: Date, days: int) -> Date:
    return day + datetime.timedelta(days=days)


class Census:
    """Hands out a code for every person and writes down their lives."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.persons = 0

    def fill(self) -> None:
        homes = self.city.facilities(*HOMES)
        for home in homes:
            for _ in range(int(home["beds"] or 0) * self.city.rng.randint(45, 80) // 100):
                self.fill_bed(home, homes)
        for facility in self.city.tables["facilities"]:
            for _ in range(self.staff_needed(facility)):
                self.fill_job(facility)
        self.add_contest_prizes()

    def new_person(self) -> str:
        self.persons += 1
        return f"P{self.persons:06}"

    # --- residents -------------------------------------------------------------------------------------------------

    def fill_bed(self, home: Row, homes: list[Row]) -> None:
        """One resident after the other in the same bed."""
        city = self.city
        day = city.day(Date(2020, 1, 1), Date(2022, 12, 31))
        while day <= END:
            person = self.new_person()
            self.add_assessments(person, day)
            day = self.live_in(person, home, day, homes)
            day = after(day, city.rng.randint(3, 75))

    def live_in(self, person: str, home: Row, start: Date, homes: list[Row]) -> Date:
        """A person's stay, with what follows it; the day on which the bed is free."""
        city = self.city
        last = after(start, city.rng.randint(20, city.rng.choice((400, 1600, 2600))))
        if last >= END:
            self.add_stay(person, home, start, None)
            return END
        what = city.pick({"death": 58, "left": 18, "moved": 12, "readmitted": 12})
        self.add_stay(person, home, start, last, what)
        if what == "readmitted":
            back = after(last, city.rng.choice((1, city.rng.randint(3, 20), city.rng.randint(30, 90))))
            if back <= END:
                return self.live_in(person, home, back, homes)
        if what == "moved":
            elsewhere = city.rng.choice([other for other in homes if other is not home])
            moved_in = after(last, city.rng.choice((0, 1, 1, 9)))
            until = after(moved_in, city.rng.randint(60, 900))
            if moved_in <= END:
                self.add_stay(person, elsewhere, moved_in, until if until < END else None)
        return last

    def add_stay(self, person: str, home: Row, first: Date, last: Date | None, note: str | None = None) -> None:
        self.city.add(
            "residents", resident=self.city.next_code("residents", "R", 5), person=person, facility=home["facility"],
            **{"from": first}, to=last, note=note,
        )  # fmt: skip

    def add_assessments(self, person: str, admitted: Date) -> None:
        """Assessed before admission, and again every one or two years; ability mostly declines."""
        city = self.city
        ability = city.rng.choices((0, 1, 2), (30, 38, 32))[0]
        day = after(admitted, -city.rng.randint(0, 20))
        while day <= END:
            city.add("assessments", person=person, **{"from": day}, ability=ABILITIES[ability])
            if city.chance(45):
                return
            day = after(day, city.rng.randint(300, 720))
            ability = min(2, max(0, ability + city.rng.choice((0, 1, 1, -1))))

    # --- staff -----------------------------------------------------------------------------------------------------

    def staff_needed(self, facility: Row) -> int:
        if facility["type"] in HOMES:
            return int(facility["beds"] or 0) // 11 + 2
        return {"centre": 5, "station": 2}.get(str(facility["type"]), 1)

    def fill_job(self, facility: Row) -> None:
        """One member of staff after the other in the same job."""
        city = self.city
        day = city.day(Date(2014, 1, 1), Date(2023, 6, 30))
        while day <= END:
            person = self.new_person()
            last = after(day, city.rng.randint(60, city.rng.choice((1200, 3500, 5000))))
            still_here = last >= END
            row = self.hire(person, facility, day, None if still_here else last)
            if row["post"] == "carer" and city.chance(62):
                self.add_certificates(person, day)
            if still_here:
                return
            if city.chance(15):
                self.change_employer(row, last)
            day = after(last, city.rng.randint(5, 60))

    def hire(self, person: str, facility: Row, hired: Date, left: Date | None) -> Row:
        city = self.city
        graduated: Date | None
        is_graduate = hired.year >= 2021 and city.chance(38)
        if is_graduate:
            education = city.pick({"bachelor": 18, "college": 45, "secondary_vocational": 30, "other": 7})
            graduated = Date(hired.year - city.chance(35), 6, city.rng.randint(20, 30))
        else:
            education = city.pick({"bachelor": 6, "college": 22, "secondary_vocational": 32, "other": 40})
            graduated = Date(hired.year - city.rng.randint(3, 20), 7, 1) if city.chance(40) else None
        return city.add(
            "staff",
            staff=city.next_code("staff", "S"),
            person=person,
            facility=facility["facility"],
            hired=hired,
            left=left,
            post=city.pick({"carer": 68, "nurse": 12, "social_worker": 6, "manager": 6, "other": 8}),
            full_time=city.chance(90),
            education=education,
            graduated=graduated,
        )

    def change_employer(self, row: Row, left: Date) -> None:
        """The same person with the same education in another facility."""
        city = self.city
        other = city.rng.choice([home for home in city.facilities(*HOMES) if home["facility"] != row["facility"]])
        hired = after(left, city.rng.choice((1, 1, 20, 60)))
        if hired <= END:
            moved = {"staff": city.next_code("staff", "S"), "facility": other["facility"], "hired": hired, "left": None}
            city.add("staff", **{**row, **moved})

    def add_certificates(self, person: str, hired: Date) -> None:
        city = self.city
        day, level = city.day(after(hired, -200), after(hired, 500)), city.rng.choices((0, 1, 2), (75, 20, 5))[0]
        while day <= END and level < len(LEVELS):
            city.add("certificates", person=person, **{"from": day}, level=LEVELS[level])
            if city.chance(40):
                return
            day, level = after(day, city.rng.randint(400, 900)), level + 1

    def add_contest_prizes(self) -> None:
        city = self.city
        homes = {row["facility"]: row for row in city.facilities(*HOMES)}
        carers = [row for row in city.tables["staff"] if row["post"] == "carer" and row["facility"] in homes]
        for row in city.rng.sample(carers, 48):
            year = city.rng.choice(YEARS)
            assessed = city.rng.randint(6, 60) * 500
            city.add(
                "contest_prizes",
                contest_prize=city.next_code("contest_prizes", "K", 3),
                person=row["person"],
                facility=row["facility"],
                district=homes[row["facility"]]["district"],
                contest=city.pick({"ministry": 5, "province": 20, "city": 60, "other": 15}),
                prize=city.pick({"first_prize": 15, "second_prize": 25, "third_prize": 45, "other": 15}),
                awarded=city.day(Date(year, 9, 1), Date(year, 11, 30)),
                assessed=None if city.chance(25) else assessed,
            )
