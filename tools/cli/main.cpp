// dropledger: the program. Reads the command line, runs one command, prints a refusal once, ends with its status. The
// only place that catches.
#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/storage_error.hpp"
#include "storage/store.hpp"
#include "tools/cli/command_words.hpp"
#include "tools/cli/config_file.hpp"
#include "tools/cli/global_options.hpp"
#include "tools/cli/old_spellings.hpp"
#include "tools/cli/pager.hpp"
#include "tools/cli/program.hpp"
#include "tools/cli/usage_error.hpp"
#include "tools/render/error.hpp"
#include "tools/render/terminal.hpp"

namespace {

constexpr int kExitUsage = 2;
constexpr int kExitOutput = 74;  // EX_IOERR of sysexits.h: what was to be printed could not be

struct ErrorFormat {
  render::Format format;
  bool color;
};
ErrorFormat error_format(const std::string& format, const std::string& color) {
  const auto known = render::parse_format(format);
  const auto colored = render::use_color(color, 2);
  return {known ? known.value() : render::Format::table, colored && colored.value()};
}

void take_configuration(CLI::App& app, cli::Globals& globals, const std::vector<std::string>& arguments) {
  auto applied = cli::apply_config(app, cli::config_files(app, arguments));
  if (applied)
    globals.applied = std::move(applied).value();
  else
    globals.config_error = applied.error();
}

int run(int argc, char** argv) {
  cli::Globals globals;
  int exit_status = render::kExitOk;

  const std::unique_ptr<CLI::App> app = cli::make_program(globals, exit_status);
  auto [respelled, notes] = cli::respell({argv + 1, argv + argc}, *app);
  const std::vector<std::string> arguments = cli::resolve_aliases(std::move(respelled), *app);
  const bool quiet =
      std::ranges::any_of(arguments, [](std::string_view one) { return one == "-q" || one == "--quiet"; });
  for (const std::string& note : notes) {
    if (!quiet) std::cerr << "note: " << note << "\n";
  }
  take_configuration(*app, globals, arguments);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app->parse(std::move(reversed));
  } catch (const CLI::ParseError& stopped) {  // --help and --version among them
    if (stopped.get_exit_code() == 0 && !cli::has_unknown_command(*app)) {
      const cli::Pager pager(globals);
      app->exit(stopped, std::cout, std::cerr);
    } else {
      const auto [format, color] = error_format(cli::format_wanted(arguments, globals.format), globals.color);
      render::write_error(std::cerr, {engine::ErrorCode::invalid_argument, cli::usage_text(*app, stopped)}, format,
                          color);
      return kExitUsage;
    }
  } catch (const cli::CommandError& refused) {
    const auto [format, color] = error_format(globals.format, globals.color);
    std::cout.flush();
    render::write_error(std::cerr, refused.error, format, color);
    return render::exit_status(refused.error.code);
  } catch (const storage::StorageError& failed) {
    const auto [format, color] = error_format(globals.format, globals.color);
    std::cout.flush();
    engine::Error error = failed.error();
    if (const std::uint64_t before = storage::units_committed(); before > 0)
      error.detail += "; what this command had committed before (" + std::to_string(before) +
                      (before == 1 ? " change" : " changes") + ") stays";
    render::write_error(std::cerr, error, format, color);
    return render::exit_status(error.code);
    // InvariantError and what nobody foresaw: the unit of work was rolled back on the way here
  } catch (const std::exception& error) {
    const auto [format, color] = error_format(globals.format, globals.color);
    std::cout.flush();
    render::write_internal_error(std::cerr, error.what(), format, color);
    return render::kExitInternal;
  }
  std::cout.flush();
  if (!std::cout) {
    const auto [format, color] = error_format(globals.format, globals.color);
    render::write_internal_error(
        std::cerr, "the result could not be written to stdout; what the command changed is kept", format, color);
    return kExitOutput;
  }
  return exit_status;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that has seen enough (`| head`) ends us without a word, even where a parent ignores SIGPIPE: nothing is
  // half done when that happens.
  std::signal(SIGPIPE, SIG_DFL);
  std::ios::sync_with_stdio(false);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {  // while the command line was being described
    render::write_internal_error(std::cerr, error.what(), render::Format::table);
    return render::kExitInternal;
  }
}
