#include "config/print.h"

#include "base/log.h"
#include "json/write.h"

namespace millrace {
namespace {

void mask(JsonValue& value, const std::string& pointer, const ConfigDocument& document) {
  if (document.is_secret(pointer)) {
    value = JsonValue::string("***");
  } else if (value.is_string()) {
    // A password written straight into a URL is known to the log only.
    value = JsonValue::string(masked(value.as_string()));
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.items().size(); ++i) {
      mask(value.items()[i], pointer_child(pointer, i), document);
    }
  } else if (value.is_object()) {
    for (JsonValue::Member& member : value.members()) {
      mask(member.value, pointer_child(pointer, member.key), document);
    }
  }
}

}  // namespace

std::string print_config(const ConfigDocument& document) {
  JsonValue shown = document.root;
  mask(shown, "", document);
  return to_pretty_json(shown);
}

}  // namespace millrace
