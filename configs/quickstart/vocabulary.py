"""Invented words for the sample: wikis, page titles, users and comments.

The wikis are the real names of the service, so that results look familiar; everything a person could
have written (titles, users, comments) is made up from syllables. All text is kept JSON-escaped, because
the generator pastes it into templates instead of calling an encoder for each event.
"""
import json
from bisect import bisect
from urllib.parse import quote

# (database name, host, script of the titles, weight). The weights fall off as in the real service:
# two busy projects, a few large languages, a long tail.
WIKIS = [
    ("wikidatawiki", "www.wikidata.org", "item", 300), ("commonswiki", "commons.wikimedia.org", "latin", 260),
    ("enwiki", "en.wikipedia.org", "latin", 150), ("dewiki", "de.wikipedia.org", "german", 38),
    ("frwiki", "fr.wikipedia.org", "french", 40), ("eswiki", "es.wikipedia.org", "french", 26),
    ("ruwiki", "ru.wikipedia.org", "cyrillic", 24), ("jawiki", "ja.wikipedia.org", "kana", 18),
    ("zhwiki", "zh.wikipedia.org", "han", 17), ("itwiki", "it.wikipedia.org", "latin", 20),
    ("ptwiki", "pt.wikipedia.org", "french", 12), ("plwiki", "pl.wikipedia.org", "latin", 11),
    ("arwiki", "ar.wikipedia.org", "arabic", 11), ("fawiki", "fa.wikipedia.org", "arabic", 9),
    ("ukwiki", "uk.wikipedia.org", "cyrillic", 9), ("nlwiki", "nl.wikipedia.org", "latin", 8),
    ("enwiktionary", "en.wiktionary.org", "latin", 12), ("frwiktionary", "fr.wiktionary.org", "french", 9),
    ("svwiki", "sv.wikipedia.org", "german", 6), ("hewiki", "he.wikipedia.org", "hebrew", 6),
    ("kowiki", "ko.wikipedia.org", "hangul", 6), ("cswiki", "cs.wikipedia.org", "latin", 5),
    ("trwiki", "tr.wikipedia.org", "german", 5), ("viwiki", "vi.wikipedia.org", "french", 5),
    ("idwiki", "id.wikipedia.org", "latin", 5), ("fiwiki", "fi.wikipedia.org", "german", 4),
    ("metawiki", "meta.wikimedia.org", "latin", 5), ("huwiki", "hu.wikipedia.org", "german", 3),
    ("nowiki", "no.wikipedia.org", "german", 3), ("rowiki", "ro.wikipedia.org", "latin", 3),
    ("cawiki", "ca.wikipedia.org", "french", 3), ("hywiki", "hy.wikipedia.org", "armenian", 3),
    ("srwiki", "sr.wikipedia.org", "cyrillic", 3), ("elwiki", "el.wikipedia.org", "greek", 2),
    ("bnwiki", "bn.wikipedia.org", "bengali", 2), ("thwiki", "th.wikipedia.org", "thai", 2),
    ("mediawikiwiki", "www.mediawiki.org", "latin", 2), ("enwikisource", "en.wikisource.org", "latin", 2),
    ("specieswiki", "species.wikimedia.org", "latin", 1), ("eowiki", "eo.wikipedia.org", "latin", 1),
    ("lawiki", "la.wikipedia.org", "latin", 1), ("iswiki", "is.wikipedia.org", "german", 1),
]

SYLLABLES = {
    "latin": "ka lo mi ren ta sol vin dor pel ura ist ban cor el".split(),
    "german": "bär mül grün vöss tal hof straß öst ked lund åm".split(),
    "french": "éla çon vré môn tière pâl où lac née cœur saï".split(),
    "cyrillic": "ка ло мир ста вол дня про гор ень бу щит".split(),
    "greek": "κα λο μι θη ρος νικ άλ φω ξυ".split(),
    "arabic": "كا لو مي را نو سا با دي تر هم".split(),
    "hebrew": "קא לו מי רן תש בד נוף גל".split(),
    "han": "山 水 云 木 石 花 城 北 新 河 光".split(),
    "kana": "カ ロ ミ ソ ラ の 木 町 ン ト".split(),
    "hangul": "가 로 미 산 강 도 새 별 한".split(),
    "armenian": "կա լո մի ար են ստ վա նո".split(),
    "bengali": "কা লো মি রা নি সা বা".split(),
    "thai": "กา โล มี รา นิ สา บัน".split(),
}
PREFIXES = {0: "", 1: "Talk:", 2: "User:", 3: "User talk:", 4: "Project:", 6: "File:", 10: "Template:",
            14: "Category:", 100: "Portal:", 828: "Module:"}
NAMESPACES = (0,) * 12 + (1, 1, 2, 3, 4, 6, 10, 14, 100, 828)
SECTIONS = ("Sources", "Early years", "Career", "Liste", "Història", "Ссылки", "参考", "مراجع", "See also")
PHRASES = ("fixed a date", "added a source", "typo", "removed doubtful claim", "new figure for the population",
           "link repaired", 'quote "as printed"', "path C:\\temp is not a source", "tab\there", "",
           "уточнено", "修正", "تصحيح", "thanks 🙂", "reverted test edit", "sorted the list", "merged two paragraphs")


def escape(text):
    """Text as it stands between the quotes of a JSON string, in UTF-8 as the service writes it."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


class Page:
    """A title with its length in bytes, which edits change."""
    __slots__ = ("namespace", "title", "url", "length")

    def __init__(self, host, namespace, title, length):
        self.namespace, self.length = namespace, length
        self.title = escape(title)
        self.url = f"https://{host}/wiki/" + quote(title.replace(" ", "_"), safe=":/")


class Wiki:
    """A project with its pages and its running numbers of changes, revisions and logs."""

    def __init__(self, rng, database, host, script, weight):
        self.database, self.host, self.weight = database, host, weight
        self.rcid, self.revision, self.log = (rng.randrange(10**6, 10**9) for _ in range(3))
        self.patrols = rng.random() < 0.6
        self.pages = [_page(rng, host, script) for _ in range(20 + weight)]
        self.tail = (f'"server_url":"https://{host}","server_name":"{host}","server_script_path":"/w",'
                     f'"wiki":"{database}","parsedcomment":"')


def _page(rng, host, script):
    if script == "item":
        return Page(host, 0, f"Q{900000000 + rng.randrange(10**8)}", rng.randrange(400, 40000))
    namespace = rng.choice(NAMESPACES)
    words = ["".join(rng.choice(SYLLABLES[script]) for _ in range(rng.randrange(2, 5))).capitalize()
             for _ in range(rng.randrange(1, 4))]
    if rng.random() < 0.05:
        words.append('"' + words[0] + '"')
    return Page(host, namespace, PREFIXES[namespace] + " ".join(words), rng.randrange(50, 60000))


def wikis(rng):
    """All wikis and the function that picks one by weight."""
    made = [Wiki(rng, *row) for row in WIKIS]
    bounds, total = [], 0
    for wiki in made:
        total += wiki.weight
        bounds.append(total)
    return made, lambda: made[bisect(bounds, int(rng.random() * total))]


def users(rng):
    """(people, bots): example names, documentation addresses and temporary accounts."""
    people = [f"ExampleUser{n}" for n in range(400)] + [f"Éxample Ünï {n}" for n in range(40)]
    people += [f"192.0.2.{n}" for n in range(1, 60)] + [f"2001:DB8:0:0:0:0:0:{n:X}" for n in range(1, 40)]
    people += [f"~2025-{rng.randrange(10000, 99999)}-{n}" for n in range(60)]
    return people, [f"ExampleBot {n}" for n in range(25)]


def comments(rng):
    """Pairs (comment, parsedcomment); the second is the HTML of the first."""
    pairs = []
    for _ in range(300):
        section, phrase = rng.choice(SECTIONS), rng.choice(PHRASES)
        plain, html = phrase, phrase.replace('"', "&quot;")
        if rng.random() < 0.5:
            plain = f"/* {section} */ {phrase}"
            html = (f'<span class="autocomment"><a href="/wiki/Example#{quote(section)}">→\u200e'
                    f'<bdi dir="ltr">{section}</bdi></a></span> {html}')
        pairs.append((escape(plain), escape(html)))
    # Some producers escape what they need not: readers must unescape, and pass such bytes on unchanged.
    pairs += [("caf\\u00e9 \\/ \\ud83d\\ude42", "caf\\u00e9 \\/ \\ud83d\\ude42")] * 3
    return pairs
