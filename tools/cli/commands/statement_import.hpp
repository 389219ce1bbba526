// `bank import` and `payments import`: the same reading of a statement, with or without posting its payments.
#pragma once

#include <string>
#include <vector>

#include "tools/cli/session.hpp"
#include "tools/formats/bank_statement.hpp"
#include "tools/operations/bank.hpp"

namespace cli {

struct StatementImport {
  bool post = false;  // payments import
  std::string file, source, mapping, account, encoding;
  bool force = false;

  void bind(CLI::App& app);
  int run(Session& session) const;

 private:
  std::string file_name() const;
  std::vector<formats::BankStatement> read(Session& session) const;
  void check(const Session& session, const std::vector<formats::BankStatement>& statements) const;
};

// The result of each payment, one row per line of the statement.
render::Table payments_table(const operations::PostingReport& report, const std::string& source, bool dry_run);
// Notes what was not posted and waits for a person: nothing that went to suspense is lost, and nothing that went out is
// booked.
void note_what_waits(const Session& session, const operations::PostingReport& report);
// The number of lines that progress is shown for: none where --quiet.
std::uint64_t total_shown(const Session& session, std::size_t total);

}  // namespace cli
