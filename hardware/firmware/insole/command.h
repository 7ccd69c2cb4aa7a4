// The commands that a host sends, out of the bytes of the line (hardware/PROTOCOL.md sections 1, 4 and 6).
// Free of Arduino and AVR headers: the tests compile it for the host.

#ifndef INSOLE_COMMAND_H
#define INSOLE_COMMAND_H

#include <stdint.h>

enum CommandType : uint8_t {
  COMMAND_IDENTIFY = 0x81,
  COMMAND_START = 0x82,
  COMMAND_STOP = 0x83,
  COMMAND_SET_RATE = 0x84,
  COMMAND_SET_SIDE = 0x85,
  COMMAND_SYNC_OUT = 0x86,
};

enum ReplyCode : uint8_t {
  REPLY_OK = 0,
  REPLY_UNKNOWN_COMMAND = 1,
  REPLY_BAD_LENGTH = 2,
  REPLY_BAD_VALUE = 3,
  REPLY_WRONG_STATE = 4,
  REPLY_LINE_TOO_SLOW = 5,
  REPLY_HARDWARE_FAULT = 6,
};

const uint16_t MIN_RATE_HZ = 100;
const uint16_t MAX_RATE_HZ = 2000;

struct Command {
  uint8_t type;
  uint8_t length;  // of the payload, also of what is not kept
  uint16_t value;  // the first two bytes of the payload, or what there is of them; 0 above
};

// Takes the line apart byte by byte. It keeps the four first bytes of a packet and a running CRC, so that a packet
// of any length costs the same memory.
class CommandDecoder {
 public:
  // True if `byte` ended an undamaged packet of the host: `command` holds it then.
  bool feed(uint8_t byte, Command &command);

 private:
  void take(uint8_t byte);

  uint16_t crc_ = 0xFFFF;
  uint8_t kept_[3] = {0, 0, 0};
  uint8_t size_ = 0;     // bytes of the body so far
  uint8_t run_ = 0;      // bytes until the next code byte
  bool started_ = false;
  bool too_long_ = false;
};

struct Verdict {
  ReplyCode code;
  const char *text;
};

// Whether a line carries this rate (section 6).
bool rate_fits(uint16_t rate_hz, uint32_t baud);

// What to answer to any command but *identify*. `streaming`: frames are being sent.
Verdict judge(const Command &command, bool streaming, uint16_t rate_hz, uint32_t baud);

#endif
