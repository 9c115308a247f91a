#include "expr/departures.h"

#include <array>

namespace millrace {
namespace {

constexpr std::array kEntries = {
    Departure{"constant-error",
              "a constant part that fails (1 / 0) fails the whole query when it is planned",
              "it fails for the records that reach it",
              "a stream must not stop for a branch that no record takes"},
    Departure{"literal-error", "a literal that cannot be read as its type fails the query",
              "the configuration is refused, with the place; so is a unit that the type lacks, "
              "where PostgreSQL fails per row",
              "told before the start"},
    Departure{"error-order", "which of several errors of one row is told depends on the plan",
              "the first in the order of the text", "only the row's error differs, never a value"},
    Departure{
        "constant-null",
        "next to an argument that is NULL beforehand the others are not computed, their errors "
        "neither",
        "likewise, but more is known beforehand: parts of NULL arrays, texts of constant times "
        "and arrays, JSON built of constants",
        "the time zone is fixed; a row that fails there has the value NULL here"},
    Departure{"json-null", "j -> 'a' of a JSON null is the jsonb value null",
              "it is NULL, as j ->> 'a' is in both",
              "a JSON null in a record is NULL everywhere here"},
    Departure{"jsonb-as-it-came", "jsonb is stored with sorted keys and without blanks",
              "a jsonb value is written as it came; ::text and ->> give PostgreSQL's form",
              "a record that passes through keeps its bytes"},
    Departure{"numeric-functions", "power, ^, exp, ln and log of numeric are numeric",
              "they are float8",
              "exact transcendental functions are slow and nobody's need in a stream"},
    Departure{"aggregate-types",
              "sum(int8) and avg of integers are numeric; avg of float8 fails where the sum of "
              "squares overflows",
              "sum of integers is int8 (an error where it does not fit), avg of integers is float8",
              "states of fixed size; sums of integers are held in 128 bits"},
    Departure{"aggregate-order", "every aggregate takes ORDER BY, by values of any type",
              "array_agg, string_agg and jsonb_agg do, by all types but jsonb; equal keys stay in "
              "the order of the records",
              "the others do not depend on the order, or go by that of the records"},
    Departure{"time-input", "reads many forms of times, BC, infinity, names of months",
              "reads ISO 8601 forms and `epoch`",
              "records hold ISO times; a guess would be a wrong number"},
    Departure{"time-infinity", "dates and times may be infinity and -infinity", "an error (22008)",
              "an event has a time"},
    Departure{"interval-overflow",
              "make_interval wraps around where years and months or weeks and days do not fit",
              "an error (22008)", "never a wrong number"},
    Departure{"time-end", "timestamps end in 294276",
              "they end on 294247-01-10, the last that 64 bits of microseconds from 1970 hold",
              "event time counts from 1970"},
    Departure{"regex",
              "its own engine: back references, looking around, \\m and \\M; capitals beyond ASCII "
              "differ by locale",
              "RE2: those are refused at start-up; ~* knows all of Unicode's capitals",
              "linear time whatever the pattern"},
    Departure{
        "made-text", "a made text may have a gigabyte",
        "repeat, lpad and rpad stop at 16 MiB with error 54000; constant parts that make more "
        "than 64 KiB are refused",
        "one record must not take the machine's memory"},
    Departure{"text-digests", "sha256, encode and decode work on bytea",
              "they work on the UTF-8 bytes of text, sha256 gives hexadecimal digits",
              "there is no bytea here"},
    Departure{"time-zone",
              "the session's time zone decides; AT TIME ZONE also knows abbreviations (PST), "
              "offsets ('+03', an interval) and names in any case",
              "it is UTC, always; zones go by their names in tzdata, as written there",
              "an answer must not depend on where it is computed; abbreviations mean several "
              "things"},
    Departure{"array-dimensions",
              "arrays may have several dimensions and other lower bounds than 1",
              "one dimension, from 1; others are refused at start-up, or an error (0A000)",
              "what records hold; JSON arrays may be nested"},
    Departure{"collation", "texts compare by the database's collation",
              "by bytes, as COLLATE \"C\"; lower, upper and initcap change ASCII letters",
              "the same everywhere"},
};

}  // namespace

std::span<const Departure> departures() { return kEntries; }

}  // namespace millrace
