// format() and the quoting of SQL: quote_ident, quote_literal, quote_nullable.

#include <algorithm>
#include <array>
#include <cstdlib>

#include "columns/number_text.h"
#include "functions/characters.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

constexpr size_t kWidthMax = 16 << 20;

/// Words that SQL does not take as a name without quotes, a blank before and behind each.
constexpr View kWords =
    " "
    "all analyse analyze and any array as asc asymmetric authorization between bigint binary "
    "bit boolean both case cast char character check coalesce collate collation column "
    "concurrently constraint create cross current_catalog current_date current_role "
    "current_schema current_time current_timestamp current_user dec decimal default "
    "deferrable desc distinct do else end except exists extract false fetch float for "
    "foreign freeze from full grant greatest group grouping having ilike in initially inner "
    "inout int integer intersect interval into is isnull join lateral leading least left "
    "like limit localtime localtimestamp national natural nchar none normalize not notnull "
    "null nullif numeric offset on only or order out outer overlaps overlay placing position "
    "precision primary real references returning right row select session_user setof similar "
    "smallint some substring symmetric table tablesample then time timestamp to trailing "
    "treat trim true union unique user using values varchar variadic verbose when where "
    "window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces "
    "xmlparse xmlpi xmlroot xmlserialize xmltable ";

bool is_bare_name(View name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  if (name.empty() || !letter(name[0])) return false;
  for (const char c : name) {
    if (!letter(c) && !(c >= '0' && c <= '9')) return false;
  }
  const std::string word = " " + std::string(name) + " ";
  return kWords.find(word) == View::npos;
}

void append_doubled(View text, char quote, bool slashes, TextMaker& out) {
  out.append(quote);
  for (const char c : text) {
    if (c == quote || (slashes && c == '\\')) out.append(c);
    out.append(c);
  }
  out.append(quote);
}

void append_name(View name, TextMaker& out) {
  if (is_bare_name(name)) return out.append(name);
  append_doubled(name, '"', false, out);
}

void append_literal(View text, TextMaker& out) {
  if (text.find('\\') != View::npos) out.append('E');
  append_doubled(text, '\'', true, out);
}

/// `%[position$][-][width]type`
struct Specifier {
  int64_t position = -1;  ///< -1: the next argument.
  int64_t width = 0;
  int64_t width_position = -1;  ///< -1: no argument; 0: the next one.
  bool left = false;
  char type = 0;
};

/// Takes a template apart; the first fault ends it.
class Template {
 public:
  explicit Template(View text) : rest_(text) {}

  /// Behind a percent sign.
  bool read(Specifier& out) {
    int64_t number = 0;
    bool there = false;
    if (!digits(number, there)) return false;
    if (there && !rest_.starts_with('$')) {
      out.width = number;
      return type(out);
    }
    if (there) {
      out.position = number;
      rest_.remove_prefix(1);
      if (number == 0)
        return fail("format specifies argument 0, but arguments are numbered from 1");
    }
    while (rest_.starts_with('-')) {
      out.left = true;
      rest_.remove_prefix(1);
    }
    if (!rest_.starts_with('*')) return digits(out.width, there) && type(out);
    rest_.remove_prefix(1);
    out.width_position = 0;
    if (!digits(number, there)) return false;
    if (there) {
      if (!rest_.starts_with('$'))
        return fail(rest_.empty() ? kUnterminated
                                  : "width argument position must be ended by \"$\"");
      rest_.remove_prefix(1);
      if (number == 0)
        return fail("format specifies argument 0, but arguments are numbered from 1");
      out.width_position = number;
    }
    return type(out);
  }
  /// The text up to the next percent sign, which is cut off too; false: there is none.
  bool next(View& text) {
    const size_t end = std::min(rest_.find('%'), rest_.size());
    text = rest_.substr(0, end);
    const bool found = end < rest_.size();
    rest_.remove_prefix(end + (found ? 1 : 0));
    return found;
  }
  bool take_percent() {
    if (!rest_.starts_with('%')) return false;
    rest_.remove_prefix(1);
    return true;
  }
  View sqlstate() const { return sqlstate_; }
  const std::string& fault() const { return fault_; }

 private:
  static constexpr const char* kUnterminated = "unterminated format() type specifier";

  bool fail(std::string text, View sqlstate = sqlstate::kInvalidParameter) {
    fault_ = std::move(text);
    sqlstate_ = sqlstate;
    return false;
  }
  bool digits(int64_t& number, bool& there) {
    there = false;
    int64_t value = 0;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      value = value * 10 + (rest_[0] - '0');
      if (value > INT32_MAX)
        return fail("number is out of range", sqlstate::kNumericValueOutOfRange);
      rest_.remove_prefix(1);
      there = true;
    }
    if (there) number = value;
    return true;
  }
  bool type(Specifier& out) {
    if (rest_.empty()) return fail(kUnterminated);
    out.type = rest_[0];
    if (View("sIL").find(out.type) == View::npos)
      return fail(quoted_message("unrecognized format() type specifier ", character_at(rest_, 0)));
    rest_.remove_prefix(1);
    return true;
  }

  View rest_;
  View sqlstate_;
  std::string fault_;
};

/// One row of format().
class Formatting {
 public:
  Formatting(const KernelCall& call, uint32_t row) : call_(call), row_(row) {}

  void run() {
    Template form(argument<View>(call_, 0, row_));
    TextMaker made(call_.out.bytes);
    View text;
    bool good = true;
    while (good && form.next(text)) {
      made.append(text);
      if (form.take_percent()) {
        made.append('%');
        continue;
      }
      Specifier one;
      good = form.read(one);
      if (!good) call_.fail(row_, form.sqlstate(), form.fault());
      good = good && width_of(one) && value_of(one) && append(one, made);
    }
    if (good) made.append(text);
    call_.out.texts[row_] = made.done();
  }

 private:
  bool fail(View sqlstate, std::string text) {
    call_.fail(row_, sqlstate, std::move(text));
    return false;
  }
  bool move_to(int64_t position) {
    at_ = position > 0 ? static_cast<size_t>(position) : at_ + 1;
    return at_ < call_.args.size() ||
           fail(sqlstate::kInvalidParameter, "too few arguments for format()");
  }
  bool width_of(Specifier& one) {
    if (one.width_position >= 0) {
      if (!move_to(one.width_position)) return false;
      one.width = 0;
      if (call_.args[at_]->valid(row_)) {
        const View text = argument<View>(call_, at_, row_);
        if (parse_int(text, INT32_MIN, INT32_MAX, one.width) != NumberFault::kNone)
          return fail(sqlstate::kInvalidText,
                      quoted_message("invalid input syntax for type integer: ", text));
      }
    }
    one.left = one.left || one.width < 0;
    one.width = std::abs(one.width);
    return one.width <= static_cast<int64_t>(kWidthMax) ||
           fail(sqlstate::kProgramLimit, "the width is too large");
  }
  bool value_of(const Specifier& one) {
    if (!move_to(one.position)) return false;
    const bool null = !call_.args[at_]->valid(row_);
    return one.type != 'I' || !null ||
           fail(sqlstate::kNullNotAllowed, "null values cannot be formatted as an SQL identifier");
  }
  bool append(const Specifier& one, TextMaker& out) {
    // Made in an arena of its own: its length decides the padding in front.
    arena_.clear();
    TextMaker value(arena_);
    const bool null = !call_.args[at_]->valid(row_);
    const View text = null ? View() : argument<View>(call_, at_, row_);
    if (one.type == 'I') append_name(text, value);
    if (one.type == 'L') null ? value.append("NULL") : append_literal(text, value);
    if (one.type == 's') value.append(text);
    const View made = value.done();
    int64_t missing = one.width - count_characters(made);
    if (one.left) out.append(made);
    for (; missing > 0; --missing) out.append(' ');
    if (!one.left) out.append(made);
    return true;
  }

  const KernelCall& call_;
  uint32_t row_;
  size_t at_ = 0;  ///< The argument used last; 0 is the template.
  ByteArena arena_;
};

void format_text(const KernelCall& call) {
  each_row(call.rows, [&](uint32_t row) {
    call.out.texts[row] = {};
    if (!call.args[0]->valid(row)) return call.out.set_cell(row, kNull, call.row_count);
    Formatting(call, row).run();
  });
}

template <void (*kAppend)(View, TextMaker&)>
void quote(const KernelCall& call) {
  map1<View, View>(call, [&call](View text) {
    TextMaker made(call.out.bytes, text.size() + 2);
    kAppend(text, made);
    return made.done();
  });
}

void quote_nullable(const KernelCall& call) {
  each_row(call.rows, [&](uint32_t row) {
    TextMaker made(call.out.bytes);
    if (call.args[0]->valid(row)) {
      append_literal(argument<View>(call, 0, row), made);
    } else {
      made.append("NULL");
    }
    call.out.texts[row] = made.done();
  });
}

constexpr Type kT = Type::kText;

constexpr std::array kEntries = {
    variadic(
        entry("format", {kT}, kT, format_text,
              "The template with arguments in it: %s as it is, %L as a literal, %I as a name of "
              "SQL; `%2$-10s` takes argument 2, to a width of 10, to the left.",
              "format('%s is %5s%%', 'load', 0.5)", "load is   0.5%"),
        Rest::kText),
    entry("quote_ident", {kT}, kT, quote<append_name>,
          "As a name of SQL, in quotes if it needs them.", "quote_ident('Order')", "\"Order\""),
    entry("quote_literal", {kT}, kT, quote<append_literal>, "As a literal of SQL.",
          "quote_literal('it''s')", "'it''s'"),
    nullable(entry("quote_nullable", {kT}, kT, quote_nullable, "As a literal of SQL; NULL is NULL.",
                   "quote_nullable(null)", "NULL")),
};

}  // namespace

std::span<const Function> format_functions() { return kEntries; }

}  // namespace millrace
