#pragma once

/// Pure.

#include <string>
#include <string_view>

namespace millrace::meetup {

/// A record without what names people: the object `member`, of a stream or of a GraphQL answer, is
/// replaced by `{"member_id":HASH}`, a hash of its id that is the same for the same person. Text
/// that is no JSON object comes back as it is.
std::string without_people(std::string_view json);

}  // namespace millrace::meetup
