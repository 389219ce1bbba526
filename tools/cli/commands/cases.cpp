// Cases: what waits for a person's decision.
#include "tools/cli/commands/commands.hpp"
#include "tools/cli/period_options.hpp"
#include "tools/operations/reports.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;

struct Cases {
  std::string kind;
  bool all = false;
  void bind(CLI::App& app) {
    app.add_option("--kind", kind, "Only of this kind, e.g. overdue")->type_name("KIND");
    app.add_flag("--all", all, "Closed ones too");
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    engine::CaseQuery query;
    query.open_only = !all;
    if (!kind.empty()) {
      query.kind = engine::parse_case_kind(kind);
      if (!query.kind)
        throw CommandError{Error{ErrorCode::invalid_argument,
                                 "'" + kind + "' is no kind of case, such as overdue, gone or late_success"}};
    }
    render::Table table;
    table.schema = "dropledger.cases/1";
    table.columns = {{"case", "", render::Kind::number},
                     {"kind"},
                     {"account"},
                     {"backorder", "", render::Kind::number},
                     {"subject"},
                     {"opened_at", "", render::Kind::time},
                     {"closed_at", "", render::Kind::time},
                     {"resolution", "", render::Kind::text, true},
                     {"detail", "", render::Kind::text, true}};
    table.when_empty = all ? "No case was ever opened." : "No case is open.";
    for (const engine::Case& one : store.cases(query)) {
      const auto customer = one.customer ? store.customer(*one.customer) : std::nullopt;
      table.add(one.id, to_word(one.kind), customer ? customer->name : "", one.backorder, one.subject, one.opened_at,
                one.closed_at, one.resolution, one.detail);
    }
    session.print(table);
    return 0;
  }
};

}  // namespace

void add_case_commands(CommandLine& line) {
  add_command<Cases>(line, line.app, "cases", "Lists what waits for the decision of a person",
                     "  dropledger cases\n  dropledger cases --all --format json");
}

}  // namespace cli
