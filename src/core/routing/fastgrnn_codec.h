// FastGRNN weights as bytes: what SQL stores and passes around.
//
// Big-endian: "RVFG", version u16 (1), gate u8, update u8, head u8, int8 flag u8, reserved u16,
// input, hidden, classes, w_rank, u_rank as i32, scale f32, then the parameters in the order of
// fastgrnn.h, then the CRC-32C of everything before it as u32. Parameters are f32; with the int8
// flag those of the cell's matrices and biases are one byte each, value = byte / scale, and
// zeta, nu and the head stay f32.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/routing/fastgrnn.h"

namespace rv::routing {

std::vector<std::byte> encode(const FastGrnn<float>& model);
// Rounds the cell's weights to 8 bits with one scale, round(255 / (2 max |p|)), as EdgeML does.
std::vector<std::byte> encode_int8(const FastGrnn<float>& model);
// XX001 when the bytes are no such model; never reads or allocates beyond what their size allows.
FastGrnn<float> decode(std::span<const std::byte> bytes);

}  // namespace rv::routing
