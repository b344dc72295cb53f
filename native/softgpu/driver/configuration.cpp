#include "driver/configuration.h"

#include <charconv>

namespace softgpu {
namespace {

constexpr std::string_view kTargets = "gfx803, gfx900, gfx906, gfx908, gfx90a";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "gfx906" or "gfx906*2".
bool addAgents(std::string_view item, Configuration& configuration, std::string& error) {
  unsigned count = 1;
  std::string_view name = item;
  if (auto star = item.find('*'); star != std::string_view::npos) {
    name = trimmed(item.substr(0, star));
    std::string_view digits = trimmed(item.substr(star + 1));
    auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (code != std::errc() || end != digits.data() + digits.size() || count == 0) {
      error = "\"" + std::string(item) + "\" is no count of GPUs: write gfx906*2";
      return false;
    }
  }
  auto target = parseTarget(name);
  if (!target) {
    error = "the software GPU has no target \"" + std::string(name) + "\"; it has " + std::string(kTargets);
    return false;
  }
  if (count > Configuration::kMaxAgents - configuration.agents.size()) {
    error = "at most " + std::to_string(Configuration::kMaxAgents) + " software GPUs";
    return false;
  }
  configuration.agents.insert(configuration.agents.end(), count, *target);
  return true;
}

}  // namespace

std::optional<Configuration> parseConfiguration(std::string_view text, std::string& error) {
  constexpr std::string_view kSoftware = "software";
  text = trimmed(text);
  if (text == "hardware") {
    error = "GCN_OFFLOAD_DEVICE=hardware refuses the software GPU";
    return std::nullopt;
  }
  if (text == "auto") text = {};
  if (text.starts_with(kSoftware)) {
    text.remove_prefix(kSoftware.size());
    if (!text.empty() && text.front() != ':') {
      error = "write software:gfx906, not software" + std::string(text);
      return std::nullopt;
    }
    if (!text.empty()) text.remove_prefix(1);
  }
  Configuration configuration;
  if (trimmed(text).empty()) {
    configuration.agents.push_back(Target::gfx906);
    return configuration;
  }
  for (;;) {
    auto comma = text.find(',');
    if (!addAgents(trimmed(text.substr(0, comma)), configuration, error)) return std::nullopt;
    if (comma == std::string_view::npos) return configuration;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace softgpu
