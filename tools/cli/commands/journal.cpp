// The journal for other programs: hledger, ledger, beancount, spreadsheets, pipelines.
#include "tools/operations/journal.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>

#include "tools/cli/commands/commands.hpp"
#include "tools/cli/range_options.hpp"
#include "tools/render/plain_text_accounting.hpp"

namespace cli {
namespace {

using engine::Error;
using engine::ErrorCode;
using engine::to_string;

// Writes to a file beside the wanted one and puts it in its place when it is whole, so that nobody loads half a
// journal.
class WholeFile {
 public:
  explicit WholeFile(std::string path)
      : path_(std::move(path)), part_(path_ + ".part"), out_(part_, std::ios::binary | std::ios::trunc) {
    if (!out_)
      throw CommandError{Error{ErrorCode::file_not_found,
                               "cannot write '" + part_ + "': does its folder exist, and may you write there?"}};
  }
  ~WholeFile() {
    std::error_code ignored;
    if (!placed_) std::filesystem::remove(part_, ignored);
  }
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  std::ostream& out() { return out_; }
  void place() {
    out_.close();
    std::error_code error;
    if (out_) std::filesystem::rename(part_, path_, error);
    if (!out_ || error)
      throw CommandError{Error{ErrorCode::file_not_found,
                               "cannot write '" + path_ + "': " + (error ? error.message() : "is the disk full?")}};
    placed_ = true;
  }

 private:
  std::string path_, part_;
  std::ofstream out_;
  bool placed_ = false;
};

struct Export {
  RangeOptions ends;
  std::string syntax, output;
  std::int64_t after = 0;
  bool append = false;
  void bind(CLI::App& app) {
    app.add_option("--syntax", syntax, "Output format: hledger, ledger, beancount, csv or jsonl")
        ->check(CLI::IsMember({"hledger", "ledger", "beancount", "csv", "jsonl"}))
        ->required();
    app.add_option("--after", after, "Cursor that the last export ended with")
        ->type_name("CURSOR")
        ->check(CLI::NonNegativeNumber);
    ends.bind(app, "Recorded at or after", "Recorded before");
    app.add_option("--output", output, "File to write, which appears when it is complete")->type_name("FILE");
    app.add_flag("--append", append,
                 "Continue a file of earlier exports: no opening balances, and only new accounts are declared");
  }
  int run(Session& session) const {
    engine::LedgerReader& store = session.book_snapshot();
    const render::JournalSyntax chosen = render::parse_journal_syntax(syntax).value();
    const auto [begin, end] = ends.range(session);
    engine::JournalSlice slice =
        value_or_throw(operations::journal_slice(store, engine::TransferId(after), begin, end));
    if (append && chosen == render::JournalSyntax::beancount && slice.begins_within_day &&
        slice.after < slice.through) {
      throw CommandError{Error{ErrorCode::invalid_argument,
                               "beancount asserts balances by whole days, and the slice before ended within " +
                                   to_string(slice.first_day) +
                                   ": export that one again with --to at a midnight, or this one without --append"}};
    }
    if (!append) slice = engine::with_period_begun(std::move(slice));
    std::optional<WholeFile> file;
    if (!output.empty()) file.emplace(output);
    render::write_journal(chosen, slice, append, operations::journal_rows(store), file ? file->out() : std::cout);
    if (file) file->place();
    session.note(std::to_string(slice.through.value() - slice.after.value()) + " transfers, " +
                 std::to_string(slice.accounts.size()) +
                 " accounts; next cursor: " + std::to_string(slice.through.value()));
    return 0;
  }
};

}  // namespace

void add_journal_commands(CommandLine& line) {
  CLI::App* group = add_group(line.app, "journal", "Journal for other accounting programs");
  add_command<Export>(
      line, *group, "export", "Writes transfers with opening and closing balances in the syntax of another program",
      "  dropledger journal export --syntax hledger | hledger -f - balance\n"
      "  dropledger journal export --syntax beancount --from 2026-08-01 --to 2026-09-01 --output august.beancount\n"
      "  dropledger journal export --syntax csv --after 4711      # 'next cursor: …' on stderr is for the next call");
}

}  // namespace cli
