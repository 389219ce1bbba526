// Statements of banks and payment services: kept as they came, each in its place among the others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/external_line.hpp"
#include "tools/operations/context.hpp"

namespace operations {

// One statement of a file, as it was read. All its lines and balances are in one currency.
struct StatementToKeep {
  engine::ExternalStatement statement;
  std::vector<engine::ExternalLine> lines{};
};
struct StatementReport {
  std::int64_t statements = 0;  // new ones
  std::int64_t added = 0, known = 0;
  std::vector<engine::ExternalLine> lines{};  // as they are kept now, those known before as well
  std::vector<std::string> notes{};           // gaps, overlaps and breaks
};
// All statements of one file, in one unit of work: all of them are kept, or none. Statements that are kept already
// change nothing.
//
// A source is one account: invalid_statement where a statement names another one, or one that another source is. Where
// the file names none, the source must have none either, or `account` says once whose it is; later files without a name
// are of it as well. invalid_statement, too, where a statement contradicts what is kept (engine/statement_chain.hpp),
// or stands under another source; amount_out_of_range where an amount is above what a transfer can hold.
engine::Result<StatementReport> import_statements(const Context& context, const std::string& source,
                                                  std::vector<StatementToKeep> statements,
                                                  const std::string& account = {});

}  // namespace operations
