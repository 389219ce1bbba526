// Placements by plain statements, for a baseline that stands behind something else: what a grouped commit of them
// leaves (commands.cpp).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

namespace bench {

class PlainPlacements {
 public:
  explicit PlainPlacements(const std::string& file);
  ~PlainPlacements();
  PlainPlacements(const PlainPlacements&) = delete;
  PlainPlacements& operator=(const PlainPlacements&) = delete;
  void commit(std::span<const std::pair<std::string, std::string>> accounts_and_domains);  // together

 private:
  struct Plain;
  std::unique_ptr<Plain> plain_;
};

}  // namespace bench
