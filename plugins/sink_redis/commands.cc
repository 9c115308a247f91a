#include "commands.h"

namespace millrace::redis_sink {
namespace {

/// Rows of a table begin with this when they delete.
constexpr std::string_view kDeletes = R"({"op":"delete")";

std::string entry_id(const Row& row) {
  return std::to_string(row.epoch) + "-" + std::to_string(row.number);
}

bool is_error(const redisReply& reply) { return reply.type == REDIS_REPLY_ERROR; }
std::string_view text_of(const redisReply& reply) {
  return {reply.str, static_cast<std::size_t>(reply.len)};
}

/// `commit-row` as two numbers, for comparing ids.
bool is_before(std::string_view id, std::string_view other) {
  const auto parts = [](std::string_view text) {
    return std::pair(std::stoull(std::string(text)),
                     std::stoull(std::string(text.substr(text.find('-') + 1))));
  };
  return parts(id) < parts(other);
}

}  // namespace

void Commands::send_hash(Connection& connection, const Row& row, bool deletes) {
  texts_.clear();
  std::string name, text;
  const bool whole = !settings_.field.empty();
  const bool is_object =
      reader_.members(row.value, [&](std::string_view key, std::string_view raw) {
        if (whole) {
          if (key == settings_.field) name = std::string(raw);
          return;
        }
        if (json::is_null(raw) || key == "op") return;
        texts_.emplace_back(key);
        texts_.emplace_back(raw);
      });
  if (!is_object) throw bad_record("hset: the row is not a JSON object");
  // Strings as their text, all else as JSON.
  for (std::size_t i = 1; i < texts_.size(); i += 2) {
    if (reader_.text(texts_[i], text)) texts_[i] = text;
  }
  if (whole && reader_.text(name, text)) name = text;
  if (whole && name.empty())
    throw bad_record("hset: the row has no field \"" + settings_.field + "\"");
  if (deletes) {
    return whole ? connection.send({"HDEL", row.key, name}) : connection.send({"DEL", row.key});
  }
  std::vector<std::string_view> command{"HSET", row.key};
  if (whole) {
    command.insert(command.end(), {name, row.value});
  } else {
    if (texts_.empty()) throw bad_record("hset: all fields of the row are null");
    command.insert(command.end(), texts_.begin(), texts_.end());
  }
  connection.send(command);
}

void Commands::send_entry(Connection& connection, const Row& row) const {
  const std::string id = row.epoch ? entry_id(row) : "*", maxlen = std::to_string(settings_.maxlen);
  std::vector<std::string_view> command{"XADD", row.key};
  if (settings_.maxlen) command.insert(command.end(), {"MAXLEN", "~", maxlen});
  command.insert(command.end(), {id, entry_field(), row.value});
  connection.send(command);
}

unsigned Commands::send(Connection& connection, const Row& row) {
  if (!row.key.data() || row.key.empty()) throw bad_record("the row has no key");
  const bool deletes = row.value.starts_with(kDeletes) || !row.value.data();
  const std::string ttl = std::to_string(settings_.ttl_ms);
  switch (settings_.command) {
    case Settings::Command::kSet:
      if (deletes) {
        connection.send({"DEL", row.key});
      } else if (settings_.ttl_ms) {
        connection.send({"SET", row.key, row.value, "PX", ttl});
      } else {
        connection.send({"SET", row.key, row.value});
      }
      return 1;
    case Settings::Command::kHset: send_hash(connection, row, deletes); break;
    case Settings::Command::kXadd: send_entry(connection, row); break;
  }
  if (!settings_.ttl_ms) return 1;
  connection.send({"PEXPIRE", row.key, ttl});
  return 2;
}

void Commands::write(Connection& connection, const std::vector<Row>& rows) {
  std::vector<unsigned> answers;
  std::string refused;
  for (const Row& row : rows) {
    try {
      answers.push_back(send(connection, row));
    } catch (const bad_record& bad) {
      refused = bad.what();
      break;
    }
  }
  std::vector<Row> repeated;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Reply first = connection.receive();
    for (unsigned more = 1; more < answers[i]; ++more) connection.receive();
    if (!is_error(*first)) continue;
    if (text_of(*first).find("equal or smaller") == std::string_view::npos)
      Connection::fail(text_of(*first));
    repeated.push_back(rows[i]);
  }
  for (const Row& row : repeated) settle_repeated(connection, row);
  if (!refused.empty()) throw bad_record(refused);
}

/// An entry of a stream that comes again has its id already. Any other entry under it, or none,
/// means that the stream has entries of somebody else: rows must not vanish into that.
void Commands::settle_repeated(Connection& connection, const Row& row) const {
  const std::string id = entry_id(row);
  connection.send({"XRANGE", row.key, id, id});
  const Reply found = connection.expect();
  if (found->elements == 1 && found->element[0]->elements == 2) {
    const redisReply& fields = *found->element[0]->element[1];
    if (fields.elements == 2 && text_of(*fields.element[0]) == entry_field() &&
        text_of(*fields.element[1]) == row.value)
      return;
  }
  if (found->elements == 0 && settings_.maxlen) {
    connection.send({"XRANGE", row.key, "-", "+", "COUNT", "1"});
    const Reply oldest = connection.expect();
    // It was there and went with the oldest.
    if (oldest->elements == 1 && is_before(id, text_of(*oldest->element[0]->element[0]))) return;
  }
  throw fatal("the stream \"" + std::string(row.key) + "\" has later entries than " + id +
              " from elsewhere, so this row cannot be added behind them: use another key, or "
              "delete the stream");
}

}  // namespace millrace::redis_sink
