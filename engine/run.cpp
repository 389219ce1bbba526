#include "engine/run.hpp"

#include "engine/enum_names.hpp"

namespace engine {
namespace {

constexpr Named<RunKind> kKinds[] = {
    {RunKind::sweep, "sweep"},   {RunKind::list_import, "list-import"},   {RunKind::reconciliation, "reconciliation"},
    {RunKind::backup, "backup"}, {RunKind::verification, "verification"}, {RunKind::notices, "notices"}};

}  // namespace

std::string_view to_word(RunKind kind) { return word_of(kKinds, kind); }
std::optional<RunKind> parse_run_kind(std::string_view text) { return value_of(kKinds, text); }

}  // namespace engine
