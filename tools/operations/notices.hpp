// Sends notices: composes them from the log, hands them to a deliverer, and records the result. Delivery is at least
// once, in the order of the log; a receiver recognises a repetition by the id. A failed notice waits for its next try
// and does not delay others.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/notice.hpp"
#include "tools/operations/context.hpp"

namespace operations {

// The words of every kind: built in, or of files KIND.txt in a folder.
class NoticeTexts {
 public:
  NoticeTexts();  // built in
  // `read` gives a file's text, or nothing where there is none. invalid_template, naming the file and line.
  static engine::Result<NoticeTexts> with(
      const std::function<std::optional<std::string>(const std::string& file)>& read, const std::string& folder);
  const engine::NoticeTemplate& of(engine::NoticeKind kind) const { return templates_.at(kind); }

 private:
  std::map<engine::NoticeKind, engine::NoticeTemplate> templates_;
};

// invalid_argument: the name, a kind or an account that does not exist, a channel of that name that does. Begins with
// what is logged from now on, or after `from_event`.
engine::Result<Reply> add_channel(const Context& context, const RequestKey& request, engine::NoticeChannel channel,
                                  std::optional<std::int64_t> from_event);
// channel_not_found
engine::Result<Reply> remove_channel(const Context& context, const RequestKey& request, const std::string& name);
// channel_not_found
engine::Result<engine::NoticeChannel> channel_named(engine::LedgerReader& store, const std::string& name);

// The notices of an event range for this channel (or for anybody), composed. `limit` 0 is no limit.
bool is_for(const engine::NoticeChannel& channel, const engine::LoggedEvent& event, engine::NoticeKind kind,
            const std::string& account);
engine::Notice compose(engine::LedgerReader& store, const engine::LoggedEvent& event, engine::NoticeKind kind,
                       const std::string& account, const NoticeTexts& texts);

// {"schema":"dropledger.notice/1","id":"17","kind":"void","at":…,"audience":…,"subject":…,"text":…, and every
// variable}; one line.
std::string to_json(const engine::Notice& notice);

struct SendOptions {
  std::size_t limit = 0;      // notices per channel; 0: all
  int failures_in_a_row = 3;  // then the channel is left alone until the next call: it is down
};
struct SendReport {
  std::int64_t delivered = 0, failed = 0;
  bool given_up = false;  // after failures in a row: the rest stays for the next call
  std::string trouble{};  // the last one
};
// `deliver` returns nothing when it succeeded, else what went wrong. Each result is committed before the next notice is
// handed over.
SendReport send_notices(const Context& context, const engine::NoticeChannel& channel, const NoticeTexts& texts,
                        const SendOptions& options,
                        const std::function<std::optional<std::string>(const engine::Notice&)>& deliver);

// Logs that the book failed verification, so that it is announced; once per first finding. Returns true if it was
// logged now.
bool announce(const Context& context, const engine::Verification& result);

}  // namespace operations
