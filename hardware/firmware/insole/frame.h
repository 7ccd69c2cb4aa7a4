// The records that a device sends, as bytes of the wire protocol (hardware/PROTOCOL.md sections 1 and 3).
// Free of Arduino and AVR headers: the tests compile it for the host.

#ifndef INSOLE_FRAME_H
#define INSOLE_FRAME_H

#include <stdint.h>

const uint8_t PROTOCOL_MAJOR = 1;
const uint8_t PROTOCOL_MINOR = 0;

const uint8_t N_SENSELS = 16;
const uint8_t SENSEL_BITS = 10;
const uint8_t FRAME_COUNT_BYTES = N_SENSELS * SENSEL_BITS / 8;
const uint8_t FRAME_WIRE_BYTES = 12 + FRAME_COUNT_BYTES;
const uint8_t MAX_STRING = 32;
const uint8_t MAX_BODY = 253;  // type, payload and CRC: up to here COBS adds one byte and never needs a code 0xFF

enum RecordType : uint8_t {
  RECORD_FRAME = 0x01,
  RECORD_IDENTIFY = 0x02,
  RECORD_STATUS = 0x03,
  RECORD_PULSE = 0x04,
  RECORD_REPLY = 0x05,
};

enum Capability : uint8_t {
  CAPABILITY_BELT_PULSE = 0x01,
  CAPABILITY_SYNC_IN = 0x02,
  CAPABILITY_SYNC_OUT = 0x04,
  CAPABILITY_SET_RATE = 0x08,
  CAPABILITY_SET_SIDE = 0x10,
};

const uint8_t FLAG_SYNC_IN = 0x01;
const uint8_t FLAG_SYNC_OUT = 0x02;

// Bytes on their way to the line. 256 of them, so that an index of eight bits wraps by itself and is read and written
// in one instruction: neither side ever has to lock. One byte stays free to tell full from empty.
struct SendRing {
  uint8_t bytes[256];
  volatile uint8_t head;  // moved by the encoder only, and only behind whole packets
  volatile uint8_t tail;  // moved by the line's interrupt only
};

// Keeps the compiler from moving what stands before it behind it, or the other way round: a volatile index is in order
// with other volatile accesses only, not with the bytes it speaks for.
inline void in_order() { __asm__ __volatile__("" ::: "memory"); }

inline uint8_t ring_room(const SendRing &ring) { return static_cast<uint8_t>(ring.tail - ring.head - 1); }

// CRC-16/MCRF4XX.
uint16_t crc16(const uint8_t *bytes, uint8_t n);
inline __attribute__((always_inline)) uint8_t swap_nibbles(uint8_t b) { return static_cast<uint8_t>(b << 4 | b >> 4); }
inline __attribute__((always_inline)) uint16_t crc16_add(uint16_t crc, uint8_t byte) {
  // Eight steps of the shift register at once: what the low nibble feeds back reaches the high one, no further. Nibbles
  // are swapped, not shifted: the processor has an instruction for it, and would shift in a loop.
  uint8_t d = byte ^ static_cast<uint8_t>(crc);
  d = static_cast<uint8_t>(d ^ (swap_nibbles(d) & 0xF0));
  const uint8_t nibble = swap_nibbles(d) & 0x0F;
  const uint8_t low = static_cast<uint8_t>(crc >> 8) ^ nibble ^ static_cast<uint8_t>(d << 3);
  const uint8_t high = d ^ static_cast<uint8_t>(nibble >> 1);
  return static_cast<uint16_t>(static_cast<uint16_t>(high) << 8 | low);
}

// One pass over all sensels, and how it came about.
struct Scan {
  uint32_t time_us;
  uint16_t sequence;
  uint8_t flags;
  uint8_t overruns;  // scans that failed between the last one handed over and this one
  bool good;         // all conversions came, each in its turn
  uint16_t counts[N_SENSELS];
};

struct Identity {
  uint32_t boot_id;
  uint32_t r_m_milliohm;
  uint32_t capabilities;
  const uint16_t *scan_offset_us;  // N_SENSELS of them
  const char *firmware;
  const char *board;
  const char *serial;  // not terminated
  const char *layout;  // not terminated
  uint16_t rate_hz;
  uint8_t serial_length;
  uint8_t layout_length;
  uint8_t side;
  uint8_t circuit;
};

struct Counters {
  uint32_t frames_sent;
  uint32_t frames_dropped;
  uint32_t overruns;
};

struct Pulse {
  uint32_t time_us;
  uint32_t count;
  uint8_t kind;  // 0 belt, 1 sync input
  uint8_t level;
};

// Each puts one whole packet into the ring, or, where there is no room for all of it, nothing, and returns false.
bool send_delimiter(SendRing &ring);
bool send_frame(SendRing &ring, const Scan &scan);
bool send_identify(SendRing &ring, const Identity &identity);
bool send_status(SendRing &ring, uint32_t time_us, const Counters &counters);
bool send_pulse(SendRing &ring, const Pulse &pulse);
bool send_reply(SendRing &ring, uint8_t command, uint8_t code, const char *text);

#endif
