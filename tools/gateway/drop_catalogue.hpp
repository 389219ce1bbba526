// The names that are listed as dropping, in memory, by deadline: a customer's search looks through half a
// million names without touching the book. Read anew when another list has been imported.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/ports.hpp"

namespace gateway {

struct ListedName {
  std::string ace;
  engine::UtcTime deadline;  // our own: until then it can be placed
  engine::UtcTime drop_at;
};

class DropCatalogue {
 public:
  // by deadline, then name; each name once, with the earliest deadline of its sources
  using Names = std::shared_ptr<const std::vector<ListedName>>;
  Names names(engine::LedgerReader& store);

 private:
  std::mutex mutex_;
  Names names_;
  std::int64_t last_list_ = -1;
};

}  // namespace gateway
