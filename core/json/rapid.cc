#include "json/rapid.h"

#include <string_view>

namespace millrace {
namespace {

using Allocator = rapidjson::Document::AllocatorType;

rapidjson::Value string_value(std::string_view text, Allocator& allocator) {
  return rapidjson::Value(text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator);
}

rapidjson::Value convert(const JsonValue& value, Allocator& allocator) {
  if (value.is_null()) return rapidjson::Value();
  if (value.is_bool()) return rapidjson::Value(value.as_bool());
  if (value.is_int()) return rapidjson::Value(value.as_int());
  if (value.is_number()) return rapidjson::Value(value.as_double());
  if (value.is_string()) return string_value(value.as_string(), allocator);
  if (value.is_array()) {
    rapidjson::Value array(rapidjson::kArrayType);
    for (const JsonValue& item : value.items()) {
      array.PushBack(convert(item, allocator), allocator);
    }
    return array;
  }
  rapidjson::Value object(rapidjson::kObjectType);
  for (const JsonValue::Member& member : value.members()) {
    object.AddMember(string_value(member.key, allocator), convert(member.value, allocator),
                     allocator);
  }
  return object;
}

}  // namespace

rapidjson::Document to_rapidjson(const JsonValue& value) {
  rapidjson::Document document;
  rapidjson::Value converted = convert(value, document.GetAllocator());
  static_cast<rapidjson::Value&>(document) = std::move(converted);
  return document;
}

}  // namespace millrace
