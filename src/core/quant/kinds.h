// The kinds of codec, one file each. Callers use train_codec() and Codec::load().
#pragma once

#include <memory>

#include "core/quant/codec.h"
#include "core/quant/model_bytes.h"

namespace rv::quant {

// none: float32, binary16, or (bits = 1) one bit a dimension of 0/1 vectors.
std::unique_ptr<Codec> train_none(const CodecSpec& spec, const float* sample, std::size_t count);
std::unique_ptr<Codec> load_none(ModelReader& model);

std::unique_ptr<Codec> train_sq8(const CodecSpec& spec, const float* sample, std::size_t count);
std::unique_ptr<Codec> load_sq8(ModelReader& model);

std::unique_ptr<Codec> train_binary(const CodecSpec& spec, const float* sample, std::size_t count);
std::unique_ptr<Codec> load_binary(ModelReader& model);

std::unique_ptr<Codec> train_pq(const CodecSpec& spec, const float* sample, std::size_t count);
std::unique_ptr<Codec> load_pq(ModelReader& model);

// Metric::hyperbolic has a code of its own, whatever the kind that is asked for.
std::unique_ptr<Codec> train_hyperbolic(const CodecSpec& spec);
std::unique_ptr<Codec> load_hyperbolic(ModelReader& model);

}  // namespace rv::quant
