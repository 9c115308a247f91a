#include "table.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace millrace::postgres_sink {
namespace {

constexpr const char* kStage = "pg_temp.millrace_stage";
constexpr const char* kNumber = "millrace_row";

Field::Form form_of(const std::string& type) {
  static const std::map<std::string, Field::Form> kForms = {
      {"bool", Field::Form::kBool},        {"int4", Field::Form::kInt4},
      {"int8", Field::Form::kInt8},        {"float8", Field::Form::kFloat8},
      {"timestamptz", Field::Form::kTime}, {"numeric", Field::Form::kNumeric},
      {"timestamp", Field::Form::kTime},   {"date", Field::Form::kDate},
      {"jsonb", Field::Form::kJsonb}};
  const auto found = kForms.find(type);
  return found == kForms.end() ? Field::Form::kText : found->second;
}

/// A column of another type takes the same bytes.
std::optional<Field::Form> form_in(const std::string& column_type, Field::Form wanted) {
  static const std::set<std::string> kTexts = {"text", "varchar", "bpchar", "name", "json"};
  if (wanted == Field::Form::kText && kTexts.contains(column_type)) return Field::Form::kText;
  if (wanted == Field::Form::kJsonb && (column_type == "json" || column_type == "text"))
    return Field::Form::kText;
  return std::nullopt;
}

std::string list(const std::vector<std::string>& items, const char* between = ", ") {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : between) + item;
  return out;
}

/// Ends the transaction when the rows did not make it.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {
    connection_.run("begin");
  }
  ~Transaction() {
    if (done_) return;
    try {
      connection_.run("rollback");
    } catch (const failure&) {
      // The connection is gone, and the transaction with it.
    }
  }
  Transaction(const Transaction&) = delete;
  void commit() {
    connection_.run("commit");
    done_ = true;
  }

 private:
  Connection& connection_;
  bool done_ = false;
};

}  // namespace

Table::Table(const Settings& settings, const std::vector<column_info>& columns)
    : settings_(settings) {
  std::optional<Field> op;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Field field{columns[i].name, columns[i].type, form_of(columns[i].type), i};
    if (field.type == "interval") {
      throw config_error(
          "field \"" + field.name +
          "\" is an interval, which this sink cannot write: cast it to text in \"select\"");
    }
    if (field.type.ends_with("[]")) {
      throw config_error("field \"" + field.name +
                         "\" is an array, which this sink cannot write: "
                         "make it text, or jsonb by to_jsonb(…), in \"select\"");
    }
    if (settings_.upsert && field.name == "op") {
      op = std::move(field);
    } else {
      fields_.push_back(std::move(field));
    }
  }
  for (const std::string& key : settings_.key) {
    const bool there =
        std::any_of(fields_.begin(), fields_.end(), [&](const Field& f) { return f.name == key; });
    if (!there) throw config_error("\"key\": the rows have no field \"" + key + "\"");
  }
  has_op_ = op.has_value();
  if (op) fields_.push_back(std::move(*op));
}

std::string Table::qualified(Connection& connection, const std::string& table) const {
  if (settings_.schema.empty()) return connection.name(table);
  return connection.name(settings_.schema) + "." + connection.name(table);
}

void Table::settle(Connection& connection) {
  name_ = qualified(connection, settings_.table);
  commits_ = qualified(connection, "millrace_commits");
  if (settings_.create) create(connection);
  check(connection);
  if (settings_.upsert) check_key(connection);
  // Asked for first, so that a role that may not create tables can do with one made for it.
  const Rows there = connection.run("select to_regclass($1) is not null", {commits_});
  if (std::string(PQgetvalue(there.get(), 0, 0)) != "t") {
    connection.run("create table if not exists " + commits_ +
                   " (owner text primary key, epoch int8 not null, stored timestamptz not null "
                   "default now())");
  }
  compose(connection);
}

void Table::create(Connection& connection) const {
  const Rows there = connection.run("select to_regclass($1) is not null", {name_});
  if (std::string(PQgetvalue(there.get(), 0, 0)) == "t") return;
  std::vector<std::string> columns;
  for (const Field& field : fields_) {
    if (has_op_ && &field == &fields_.back()) continue;
    columns.push_back(connection.name(field.name) + " " + field.type);
  }
  if (settings_.upsert) {
    std::vector<std::string> key;
    for (const std::string& field : settings_.key) key.push_back(connection.name(field));
    columns.push_back("primary key (" + list(key) + ")");
  }
  connection.run("create table if not exists " + name_ + " (" + list(columns) + ")");
}

void Table::check(Connection& connection) const {
  const Rows rows = connection.run(
      "select a.attname, t.typname from pg_attribute a join pg_type t on t.oid = a.atttypid "
      "where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped",
      {name_});
  std::map<std::string, std::string> types;
  for (int i = 0; i < PQntuples(rows.get()); ++i)
    types[PQgetvalue(rows.get(), i, 0)] = PQgetvalue(rows.get(), i, 1);
  if (types.empty())
    throw config_error("there is no table " + name_ + "; make it, or let \"create\" be true");
  for (const Field& field : fields_) {
    if (has_op_ && &field == &fields_.back()) continue;
    const auto found = types.find(field.name);
    if (found == types.end())
      throw config_error("table " + name_ + " has no column \"" + field.name + "\" (" + field.type +
                         ")");
    if (found->second == field.type) continue;
    const auto form = form_in(found->second, field.form);
    if (!form) {
      throw config_error("column \"" + field.name + "\" of table " + name_ + " is " +
                         found->second + ", the rows have " + field.type +
                         ": cast it in \"select\", or alter the table");
    }
    const_cast<Field&>(field).form = *form;
  }
}

/// ON CONFLICT needs a unique index over exactly these columns.
void Table::check_key(Connection& connection) const {
  std::vector<std::string> key = settings_.key;
  std::sort(key.begin(), key.end());
  const Rows rows = connection.run(
      "select string_agg(a.attname, chr(1) order by a.attname collate \"C\") from pg_index i "
      "join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) "
      "where i.indrelid = to_regclass($1) and i.indisunique and i.indpred is null and i.indexprs "
      "is null "
      "group by i.indexrelid",
      {name_});
  for (int i = 0; i < PQntuples(rows.get()); ++i) {
    if (PQgetvalue(rows.get(), i, 0) == list(key, "\1")) return;
  }
  throw config_error("table " + name_ + " has no unique index over exactly (" +
                     list(settings_.key) + "), which \"upsert\" needs");
}

void Table::compose(Connection& connection) {
  std::vector<std::string> columns, staged, key, updates, matches;
  for (const Field& field : fields_) {
    const std::string name = connection.name(field.name);
    staged.push_back(
        name + " " +
        (field.form == Field::Form::kText && field.type != "text" ? "text" : field.type));
    if (has_op_ && &field == &fields_.back()) continue;
    columns.push_back(name);
    updates.push_back(name + " = excluded." + name);
  }
  if (!settings_.upsert) {
    copy_ = "copy " + name_ + " (" + list(columns) + ") from stdin (format binary)";
    return;
  }
  for (const std::string& field : settings_.key) {
    key.push_back(connection.name(field));
    matches.push_back("t." + key.back() + " = s." + key.back());
  }
  // Types of the stage are those of the table, whatever its texts are called.
  stage_ = std::string(
               "create temp table if not exists millrace_stage on commit delete rows as select "
               "0::int8 as ") +
           kNumber + ", " + list(columns) + (has_op_ ? ", null::text as op" : "") + " from " +
           name_ + " with no data";
  copy_ = std::string("copy ") + kStage + " from stdin (format binary)";
  const std::string last = "(select distinct on (" + list(key) + ") * from " + kStage +
                           " order by " + list(key) + ", " + kNumber + " desc) s";
  if (has_op_) {
    merge_.push_back("delete from " + name_ + " t using " + last + " where s.op = 'delete' and " +
                     list(matches, " and "));
  }
  merge_.push_back("insert into " + name_ + " (" + list(columns) + ") select " + list(columns) +
                   " from " + last + (has_op_ ? " where s.op is distinct from 'delete'" : "") +
                   " order by " + kNumber + " on conflict (" + list(key) + ") do update set " +
                   list(updates));
}

uint64_t Table::last_epoch(Connection& connection, const std::string& owner) const {
  const Rows rows = connection.run("select epoch from " + commits_ + " where owner = $1", {owner});
  return PQntuples(rows.get()) ? std::stoull(PQgetvalue(rows.get(), 0, 0)) : 0;
}

void Table::store(Connection& connection, const std::string& stream, const std::string& owner,
                  uint64_t epoch) const {
  if (!stage_.empty()) connection.run(stage_);
  Transaction transaction(connection);
  if (!owner.empty()) {
    // The row is locked, so that of two hosts with the same state one waits, and then sees.
    const std::string number = std::to_string(epoch);
    const Rows mine = connection.run(
        "insert into " + commits_ +
            " as c (owner, epoch) values ($1, $2) on conflict (owner) do update "
            "set epoch = excluded.epoch, stored = now() where c.epoch < excluded.epoch "
            "returning epoch",
        {owner, number});
    if (PQntuples(mine.get()) == 0) return;
  }
  if (!stream.empty()) {
    connection.copy_in(copy_, stream);
    for (const std::string& statement : merge_) connection.run(statement);
  }
  transaction.commit();
}

}  // namespace millrace::postgres_sink
