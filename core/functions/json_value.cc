#include "functions/json_value.h"

#include <algorithm>
#include <vector>

#include "columns/decimal.h"
#include "functions/json_scan.h"

namespace millrace {
namespace {

using View = std::string_view;

struct Member {
  View name;  ///< Without quotes and escapes.
  View value;
};

/// The members as jsonb keeps them: by length of the name, then bytes; the last of a name.
std::vector<Member> members_of(View object, ByteArena& arena) {
  std::vector<Member> members;
  each_json_member(object, [&](View key, View value) {
    members.push_back({json_string(key, arena), value});
    return true;
  });
  const auto less = [](const Member& a, const Member& b) {
    return a.name.size() != b.name.size() ? a.name.size() < b.name.size() : a.name < b.name;
  };
  std::stable_sort(members.begin(), members.end(), less);
  std::vector<Member> last;
  for (const Member& member : members) {
    if (!last.empty() && last.back().name == member.name) last.pop_back();
    last.push_back(member);
  }
  return last;
}

std::vector<View> elements_of(View array) {
  std::vector<View> elements;
  each_json_element(array, [&](View value) {
    elements.push_back(value);
    return true;
  });
  return elements;
}

View number_of(View value, ByteArena& arena) {
  View number = "0";
  parse_numeric(value, arena, number);
  return number;
}

JsonAnswer answer(bool yes) { return yes ? JsonAnswer::kYes : JsonAnswer::kNo; }

JsonAnswer equal_scalars(View a, View b, JsonKind kind) {
  ByteArena arena;
  if (kind == JsonKind::kString) return answer(json_string(a, arena) == json_string(b, arena));
  if (kind == JsonKind::kNumber)
    return answer(compare_numeric(number_of(a, arena), number_of(b, arena)) == 0);
  return answer(a == b);
}

/// Whether any of `elements` gives yes; too deep counts only if none does.
template <class Test>
JsonAnswer any_of(const std::vector<View>& elements, Test test) {
  JsonAnswer result = JsonAnswer::kNo;
  for (const View element : elements) {
    const JsonAnswer one = test(element);
    if (one == JsonAnswer::kYes) return one;
    if (one == JsonAnswer::kTooDeep) result = one;
  }
  return result;
}

JsonAnswer contains_elements(View a, View b, int depth) {
  const std::vector<View> ours = elements_of(a);
  for (const View wanted : elements_of(b)) {
    const bool container = json_kind(wanted) <= JsonKind::kArray;
    const JsonAnswer one = any_of(ours, [&](View element) {
      return container ? json_contains(element, wanted, depth + 1)
                       : json_equal(element, wanted, depth + 1);
    });
    if (one != JsonAnswer::kYes) return one;
  }
  return JsonAnswer::kYes;
}

JsonAnswer contains_members(View a, View b, int depth) {
  ByteArena arena;
  for (const Member& wanted : members_of(b, arena)) {
    const View value = json_member(a, wanted.name);
    if (value.empty()) return JsonAnswer::kNo;
    const bool container = json_kind(wanted.value) <= JsonKind::kArray;
    const JsonAnswer one = container ? json_contains(value, wanted.value, depth + 1)
                                     : json_equal(value, wanted.value, depth + 1);
    if (one != JsonAnswer::kYes) return one;
  }
  return JsonAnswer::kYes;
}

}  // namespace

void write_jsonb_string(View text, TextMaker& out) {
  out.append('"');
  for (const char c : text) {
    constexpr View kPlain = "\b\f\n\r\t\"\\", kLetters = "bfnrt\"\\";
    const size_t short_form = kPlain.find(c);
    if (short_form != View::npos) {
      out.append('\\');
      out.append(kLetters[short_form]);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00");
      out.append("0123456789abcdef"[c >> 4]);
      out.append("0123456789abcdef"[c & 15]);
    } else {
      out.append(c);
    }
  }
  out.append('"');
}

bool write_jsonb(View value, TextMaker& out, int depth) {
  if (depth > kJsonDepthMax) return false;
  ByteArena arena;
  bool first = true;
  switch (json_kind(value)) {
    case JsonKind::kObject:
      out.append('{');
      for (const Member& member : members_of(value, arena)) {
        if (!first) out.append(", ");
        first = false;
        write_jsonb_string(member.name, out);
        out.append(": ");
        if (!write_jsonb(member.value, out, depth + 1)) return false;
      }
      out.append('}');
      return true;
    case JsonKind::kArray:
      out.append('[');
      for (const View element : elements_of(value)) {
        if (!first) out.append(", ");
        first = false;
        if (!write_jsonb(element, out, depth + 1)) return false;
      }
      out.append(']');
      return true;
    case JsonKind::kString: write_jsonb_string(json_string(value, arena), out); return true;
    case JsonKind::kNumber: out.append(number_of(value, arena)); return true;
    default: out.append(value); return true;
  }
}

JsonAnswer json_equal(View a, View b, int depth) {
  const JsonKind kind = json_kind(a);
  if (kind != json_kind(b)) return JsonAnswer::kNo;
  if (depth > kJsonDepthMax) return JsonAnswer::kTooDeep;
  if (kind == JsonKind::kArray) {
    const std::vector<View> ours = elements_of(a), theirs = elements_of(b);
    if (ours.size() != theirs.size()) return JsonAnswer::kNo;
    for (size_t i = 0; i < ours.size(); ++i) {
      const JsonAnswer one = json_equal(ours[i], theirs[i], depth + 1);
      if (one != JsonAnswer::kYes) return one;
    }
    return JsonAnswer::kYes;
  }
  if (kind != JsonKind::kObject) return equal_scalars(a, b, kind);
  ByteArena arena;
  const std::vector<Member> ours = members_of(a, arena), theirs = members_of(b, arena);
  if (ours.size() != theirs.size()) return JsonAnswer::kNo;
  for (size_t i = 0; i < ours.size(); ++i) {
    if (ours[i].name != theirs[i].name) return JsonAnswer::kNo;
    const JsonAnswer one = json_equal(ours[i].value, theirs[i].value, depth + 1);
    if (one != JsonAnswer::kYes) return one;
  }
  return JsonAnswer::kYes;
}

JsonAnswer json_contains(View a, View b, int depth) {
  if (depth > kJsonDepthMax) return JsonAnswer::kTooDeep;
  const JsonKind kind_a = json_kind(a), kind_b = json_kind(b);
  // An array contains a bare scalar, at the top only.
  if (depth == 0 && kind_a == JsonKind::kArray && kind_b > JsonKind::kArray) {
    return any_of(elements_of(a), [&](View element) { return json_equal(element, b, depth + 1); });
  }
  if (kind_a != kind_b) return JsonAnswer::kNo;
  if (kind_a == JsonKind::kObject) return contains_members(a, b, depth);
  if (kind_a == JsonKind::kArray) return contains_elements(a, b, depth);
  return equal_scalars(a, b, kind_a);
}

}  // namespace millrace
