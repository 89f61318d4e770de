// The catalogue of attention types: names, aliases, parameters, sources.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/attention/params.h"

namespace rv::attention {

struct TypeInfo {
  const char* name;
  const char* family;
  const char* formula;
  const char* complexity;  // time for n queries and n keys of d dimensions
  const char* parameters;  // JSON object of the defaults; null: derived from the input or required
  const char* weights;     // names of array parameters, required ones first, optional in brackets
  const char* best_for;
  const char* reference;
};

std::span<const TypeInfo> types() noexcept;
const TypeInfo* find_type(std::string_view name) noexcept;

// Other names in use, and what they stand for.
struct Alias {
  const char* alias;
  const char* name;
  const char* sets;  // parameters it implies, for the reader; may be empty
};
std::span<const Alias> aliases() noexcept;

// The canonical type behind a name; parameters that the name implies (causal, alpha, ...) are
// added. 22023 for unknown names, with a hint; rezero and fixup are told apart: they are no
// attention.
const TypeInfo& resolve(std::string_view name, Params& params);

// Refuses parameters the type does not know (22023): a misspelt one would silently do nothing.
void check_parameters(const TypeInfo& type, const Params& params);

}  // namespace rv::attention
