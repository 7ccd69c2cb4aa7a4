#include "command.h"

#include "frame.h"

bool CommandDecoder::feed(uint8_t byte, Command &command) {
  if (byte != 0) {
    if (run_ != 0) {
      --run_;
      take(byte);
    } else {
      if (started_) take(0);  // the zero that the last code byte stood for
      started_ = true;
      run_ = static_cast<uint8_t>(byte - 1);
    }
    return false;
  }
  // A type, two bytes of CRC, and nothing missing. The CRC over a body with its own CRC is 0.
  const bool whole = started_ && run_ == 0 && !too_long_ && size_ >= 3 && crc_ == 0;
  const uint8_t length = static_cast<uint8_t>(size_ - 3);
  const uint8_t type = kept_[0];
  const uint8_t low = kept_[1], high = kept_[2];
  crc_ = 0xFFFF;
  size_ = 0;
  run_ = 0;
  started_ = false;
  too_long_ = false;
  if (!whole || type <= 0x80) return false;  // 0x80 and records of another device are nothing to answer
  command.type = type;
  command.length = length;
  command.value = static_cast<uint16_t>((length > 0 ? low : 0) | (length > 1 ? high << 8 : 0));
  return true;
}

void CommandDecoder::take(uint8_t byte) {
  if (size_ == MAX_BODY) {
    too_long_ = true;
    return;
  }
  if (size_ < sizeof kept_) kept_[size_] = byte;
  ++size_;
  crc_ = crc16_add(crc_, byte);
}

bool rate_fits(uint16_t rate_hz, uint32_t baud) {
  // rate x bytes x 10 <= 0.9 x baud, without fractions and within 32 bits.
  return static_cast<uint32_t>(rate_hz) * FRAME_WIRE_BYTES * 100 <= baud * 9;
}

Verdict judge(const Command &command, bool streaming, uint16_t rate_hz, uint32_t baud) {
  const Verdict ok = {REPLY_OK, ""};
  switch (command.type) {
    case COMMAND_START:
      if (streaming) return {REPLY_WRONG_STATE, "stop first"};
      if (!rate_fits(rate_hz, baud)) return {REPLY_LINE_TOO_SLOW, ""};
      return ok;
    case COMMAND_STOP:
      return ok;
    case COMMAND_SET_RATE:
      if (command.length < 2) return {REPLY_BAD_LENGTH, ""};
      if (streaming) return {REPLY_WRONG_STATE, "stop first"};
      if (command.value < MIN_RATE_HZ || command.value > MAX_RATE_HZ) return {REPLY_BAD_VALUE, "100 to 2000 Hz"};
      if (!rate_fits(command.value, baud)) return {REPLY_LINE_TOO_SLOW, ""};
      return ok;
    case COMMAND_SET_SIDE:
      if (command.length < 1) return {REPLY_BAD_LENGTH, ""};
      if (streaming) return {REPLY_WRONG_STATE, "stop first"};
      if ((command.value & 0xFF) > 1) return {REPLY_BAD_VALUE, "0 left, 1 right"};
      return ok;
    case COMMAND_SYNC_OUT:
      if (command.length < 2) return {REPLY_BAD_LENGTH, ""};
      if (command.value < 1 || command.value > 10000) return {REPLY_BAD_VALUE, "1 to 10000 ms"};
      return ok;
    default:
      return {REPLY_UNKNOWN_COMMAND, ""};
  }
}
