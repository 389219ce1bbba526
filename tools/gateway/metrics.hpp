// The gateway's figures in Prometheus's text format (version 0.0.4,
// https://prometheus.io/docs/instrumenting/exposition_formats/). No label names a customer or a domain: the number of
// series does not grow with the book.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "engine/health.hpp"

namespace gateway {

// Safe on many threads.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void count_request(int code);  // of the protocol's answers
  void count_sweep(bool sound);  // whether it met no error
  std::string text(const engine::HealthFacts& facts, std::span<const engine::HealthRow> rows);

 private:
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace gateway
