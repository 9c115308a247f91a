#pragma once

/// The planner's working state; one object per plan. Included by plan*.cc only.

#include <map>

#include "expr/compile.h"
#include "json/value.h"
#include "nodes/stage.h"
#include "nodes/stateless_node.h"
#include "operators/window_node.h"
#include "plan/plan.h"

namespace millrace {

class JoinedRows;
struct JoinCondition;
struct PairPlan;
struct ResultPlan;
struct TablePlan;

class Planner {
 public:
  Planner(const PipelineConfig& config, const PluginIndex& plugins, Faults& faults)
      : config_(config), plugins_(plugins), faults_(faults) {}

  Result<void> plan_sources();
  Result<void> plan_operators();
  Result<void> plan_sinks();
  Result<void> plan_dead_letters();
  /// What the kafka log asks of a pipeline.
  void check_kafka_log();
  Plan take() { return std::move(plan_); }

 private:
  // plan_source.cc
  Result<void> plan_source(const SourceConfig& source);
  void add_source(const SourceConfig& source, const Component& component, SourcePlan plan);
  bool settle_fields(const SourceConfig& source, const Component& component, SourcePlan& plan);
  bool settle_schema(const SourceConfig& source, const Component& component, SourcePlan& plan);
  bool infer_fields(const SourceConfig& source, const Component& component, SourcePlan& plan);
  std::optional<Type> declared_type(const FieldType& field);
  void settle_key(const SourceConfig& source, const Component& component, SourcePlan& plan);
  std::optional<uint32_t> find_field(const Text& name, const SourcePlan& plan);
  std::optional<RecordDedupePlan> plan_source_dedupe(const SourceConfig& source,
                                                     const Component& component,
                                                     const SourcePlan& plan);
  void settle_event_time(const SourceConfig& source, SourcePlan& plan);
  bool merges_partitions(const Component& component) const;
  void settle_asserted_key(const SourceConfig& source, SourcePlan& plan);
  void settle_format(const SourceConfig& source, SourcePlan& plan);
  void refuse_endless_constant(const SourceConfig& source, const SourceTraits& traits);
  void settle_idleness(const SourceConfig& source, const SourceTraits& traits, SourcePlan& plan);
  // plan_notes.cc
  void note_max_future(const std::string& name, const EventTimePlan& time);
  void note_order(const std::string& name);
  void note_nondeterminism(const SourceConfig& source, const Component& component,
                           const SourcePlan& plan, const SourceTraits& traits);

  // plan_time.cc
  /// Null, and a fault: there is no such zone. Every zone in use is noted for the commit.
  std::shared_ptr<const Zone> find_zone(const Text& name);
  /// Unit, bounds and limits. False, and a fault: the zone or the pattern is wrong.
  bool settle_time_plan(const EventTimeConfig& time, EventTimePlan& plan);
  /// `event_time` of an operator whose rows look like `made` (R41).
  std::optional<RetimePlan> plan_retime(const EventTimeConfig& time, const Shape& made);
  /// Rows at the time they come, for a window that goes by the clock (R38).
  Input by_clock(const OperatorConfig& op, const Input& input);

  // plan_operator.cc
  Result<void> plan_operator(const OperatorConfig& op);
  std::vector<Input> find_inputs(const OperatorConfig& op);
  std::optional<Input> unite(const OperatorConfig& op, std::vector<Input> inputs);
  void plan_kind(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage);
  Result<void> plan_processor(const OperatorConfig& op, std::vector<Input> inputs);
  std::optional<StagePlan> plan_stage(const OperatorConfig& op, const Shape& input);
  void plan_stateless(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage);
  void add_operator(const OperatorConfig& op, Node* node, const std::string& identity);
  // plan_explode.cc
  std::optional<uint32_t> find_array(const ExplodeConfig& explode, const Shape& input);
  std::optional<ExplodePlan> plan_explode(const ExplodeConfig& explode, const Shape& input);
  // plan_keys.cc
  bool refuse_second_kind(const OperatorConfig& op);
  bool refuse_result_keys(const OperatorConfig& op);
  bool refuse_table(const OperatorConfig& op, const std::vector<Input>& inputs);
  bool refuse_lateness(const OperatorConfig& op, const std::vector<Input>& inputs);
  // plan_grouped.cc
  void plan_grouped(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage);
  bool is_grouped(const OperatorConfig& op);
  bool refuse_ranked_updates(const OperatorConfig& op, const WindowPlan& plan);
  bool refuse_hidden_results(const OperatorConfig& op, const GroupedPlan& plan);
  bool refuse_hidden_bound(const OperatorConfig& op, EmitConfig::Mode mode);
  std::optional<EmitConfig> plan_emit(const OperatorConfig& op);
  /// All that operators with aggregates have in common. Nothing: it has faults.
  std::optional<WindowPlan> plan_results(const OperatorConfig& op, const Input& input,
                                         const StagePlan& stage, std::string& identity);
  /// group_by, select, having and the order of results; `identity` says what results depend on.
  std::optional<GroupedPlan> plan_groups(const OperatorConfig& op, const Schema& schema,
                                         std::string& identity);
  std::optional<Slicer> plan_window(const WindowConfig& window);
  // One file per kind of stateful operator: plan_session.cc, plan_sliding.cc, plan_join.cc,
  // plan_dedupe.cc, plan_table.cc.
  void plan_session(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage);
  void plan_sliding(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage);
  void plan_join(const OperatorConfig& op, std::vector<Input> inputs);
  bool add_join_side(const OperatorConfig& op, std::vector<Input>& inputs);
  void plan_stream_join(const OperatorConfig& op, std::vector<Input> inputs, JoinedRows joined,
                        PairPlan pair, const std::string& identity);
  void plan_lookup(const OperatorConfig& op, std::vector<Input> inputs, JoinedRows joined,
                   PairPlan pair, const std::string& identity);
  // plan_table_join.cc
  bool check_table_join(const OperatorConfig& op, const std::vector<Input>& inputs,
                        const JoinCondition& condition);
  void plan_table_join(const OperatorConfig& op, std::vector<Input> inputs, JoinedRows joined,
                       JoinCondition condition, ResultPlan result, const std::string& on);
  void plan_dedupe(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage);
  void plan_table(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage);
  void plan_table_filter(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage);
  bool plan_table_rows(const OperatorConfig& op, const Shape& stage,
                       const std::vector<uint32_t>& key, TablePlan& plan);
  std::optional<std::vector<uint32_t>> plan_table_key(const OperatorConfig& op,
                                                      const Schema& schema, TablePlan& plan,
                                                      std::string& identity);
  void add_table(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage,
                 TablePlan plan, const std::string& identity);
  void plan_table_groups(const OperatorConfig& op, std::vector<Input> inputs, StagePlan stage);
  bool is_source_key(const std::string& name, const std::string& field) const;
  bool asks_versions(const std::string& name) const;
  /// `select` over `schema`, if there is one. False: it has faults.
  bool compile_select(const OperatorConfig& op, const Schema& schema,
                      std::optional<SelectPlan>& select);
  void join_fault(const Where& where, const ExprError& error, const JoinedRows& joined,
                  const OperatorConfig& op);
  bool compile_result(const OperatorConfig& op, const JoinedRows& joined, ResultPlan& result);
  /// False, and a fault: a side output, or something else without a watermark.
  bool check_watermark(const InputRef& ref, const Input& input);
  void fault(const Where& where, const ExprError& error);
  std::string declaration_of(const std::string& field) const;

  // plan_kafka_log.cc
  bool under_kafka_log() const { return config_.commit.log == CommitConfig::Log::kKafka; }
  void refuse_other_source(const SourceConfig& source);
  void refuse_other_sink(const SinkConfig& sink, const Component& component);
  void refuse_spread_state(const OperatorConfig& op);

  // plan_sink.cc
  Result<void> plan_sink(const SinkConfig& sink);
  void refuse_own_input(const SinkConfig& sink);
  SinkPlan read_sink(const SinkConfig& sink, const Component& component);
  void settle_delivery(const SinkConfig& sink, const Component& component, SinkPlan& plan);

  // plan_sink_rows.cc
  /// False, and a fault: the sink cannot take the rows of its inputs.
  bool plan_sink_rows(const SinkConfig& sink, const std::vector<Input>& inputs, SinkPlan& plan);
  void refuse_context(const SinkConfig& sink, const std::vector<Input>& inputs);
  bool refuse_frames(const SinkConfig& sink, const std::vector<Input>& inputs,
                     const SinkPlan& plan);
  bool plan_csv(const SinkConfig& sink, const std::vector<Input>& inputs, SinkPlan& plan);
  bool refuse_deletes(const SinkConfig& sink, const std::vector<Input>& inputs,
                      const Component& component);
  void plan_record_keys(const std::vector<Input>& inputs, SinkPlan& plan);
  bool plan_keys(const SinkConfig& sink, const std::vector<Input>& inputs, SinkPlan& plan);
  bool plan_columns(const SinkConfig& sink, const std::vector<Input>& inputs, SinkPlan& plan);

  // plan_dead_letters.cc
  Result<void> add_dead_letters(Node& node, Port port, std::string_view suffix,
                                const Component& component);

  std::optional<Input> find_input(const InputRef& ref);
  /// Nothing for a component that config has missed already; a refused library is an Error.
  Result<std::optional<Component>> load(Kind kind, const Text& plugin);

  const PipelineConfig& config_;
  const PluginIndex& plugins_;
  Faults& faults_;
  Plan plan_;
  std::map<std::string, Node*> named_;
  std::map<std::string, bool> bounded_;  ///< By source or operator: its input ends by nature.
  std::vector<std::pair<Node*, Port>> connected_;
  const ExplodeConfig* exploding_ = nullptr;  ///< Of the operator at hand. Null: none.
};

/// The SQL text of a list entry, or the user's own expression.
std::string expression_of(const ExpressionList& list, const NamedExpression& entry);
/// Adds what only the host knows to a plugin's configuration.
std::string with_member(const std::string& config, std::string_view key, JsonValue value);
/// The schema of the plugin's configuration; an empty object if it has none.
JsonValue schema_of(const Component& component);
/// Whether the plugin's schema has this mark (`"x-view": true`).
bool says(const Component& component, std::string_view mark);
/// Whether it shows rows and stores none.
bool is_view(const Component& component);
std::string_view join_type_text(JoinConfig::Type type);
/// `length.new` as SQL: every step quoted.
std::string quoted_path(std::string_view path);

}  // namespace millrace
