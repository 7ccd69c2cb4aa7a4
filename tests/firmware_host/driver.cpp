// Runs frame.cpp and command.cpp of the firmware on the host, for tests/test_firmware_host.py.
//
//   driver frames       stdin: sequence u16, time u32, flags u8, counts u16[16] a frame; stdout: the wire
//   driver records      stdin: records as below; stdout: the wire
//   driver commands     stdin: the line, any bytes; stdout: "type length value" a command
//   driver rates        stdout: highest rate that fits, for each baud rate on stdin
//   driver judge        stdin: "type length value streaming rate baud" a line; stdout: reply codes
//   driver layout       stdout: "name offset size" of the EEPROM record
//   driver fuzz N SEED  N inputs into encoder and decoder; a broken promise is an exit code of 1
// All integers are little-endian, as on the wire.

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <string>
#include <vector>

#include "command.h"
#include "config.h"
#include "frame.h"

namespace {

SendRing ring;

void drain(FILE *to) {
  while (ring.tail != ring.head) {
    if (to) putc(ring.bytes[ring.tail], to);
    ring.tail = static_cast<uint8_t>(ring.tail + 1);
  }
}

void insist(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "broken promise: %s\n", what);
  exit(1);
}

bool read_exactly(void *to, size_t n) { return fread(to, 1, n, stdin) == n; }

template <typename T>
T read_value() {
  T value;
  insist(read_exactly(&value, sizeof value), "the input ends within a record");
  return value;
}

std::string read_text() {
  char text[256];
  const uint8_t n = read_value<uint8_t>();
  insist(read_exactly(text, n), "the input ends within a text");
  return std::string(text, n);
}

bool read_scan(Scan &scan) {
  if (!read_exactly(&scan.sequence, 2)) return false;
  scan.time_us = read_value<uint32_t>();
  scan.flags = read_value<uint8_t>();
  for (uint16_t &count : scan.counts) count = read_value<uint16_t>();
  return true;
}

int frames() {
  Scan scan = Scan();
  while (read_scan(scan)) {
    insist(send_frame(ring, scan), "a frame fits into an empty ring");
    drain(stdout);
  }
  return 0;
}

int records() {
  int kind;
  while ((kind = getchar()) != EOF) {
    bool sent = false;
    if (kind == 'i') {
      Identity who = Identity();
      uint16_t offsets[N_SENSELS];
      who.boot_id = read_value<uint32_t>();
      who.side = read_value<uint8_t>();
      who.circuit = read_value<uint8_t>();
      who.r_m_milliohm = read_value<uint32_t>();
      who.rate_hz = read_value<uint16_t>();
      who.capabilities = read_value<uint32_t>();
      for (uint16_t &offset : offsets) offset = read_value<uint16_t>();
      const std::string firmware = read_text(), board = read_text(), serial = read_text(), layout = read_text();
      who.scan_offset_us = offsets;
      who.firmware = firmware.c_str();
      who.board = board.c_str();
      who.serial = serial.data();
      who.serial_length = static_cast<uint8_t>(serial.size());
      who.layout = layout.data();
      who.layout_length = static_cast<uint8_t>(layout.size());
      sent = send_identify(ring, who);
    } else if (kind == 's') {
      const uint32_t time_us = read_value<uint32_t>();
      Counters counters;
      counters.frames_sent = read_value<uint32_t>();
      counters.frames_dropped = read_value<uint32_t>();
      counters.overruns = read_value<uint32_t>();
      sent = send_status(ring, time_us, counters);
    } else if (kind == 'p') {
      Pulse pulse;
      pulse.time_us = read_value<uint32_t>();
      pulse.kind = read_value<uint8_t>();
      pulse.level = read_value<uint8_t>();
      pulse.count = read_value<uint32_t>();
      sent = send_pulse(ring, pulse);
    } else if (kind == 'r') {
      const uint8_t command = read_value<uint8_t>(), code = read_value<uint8_t>();
      sent = send_reply(ring, command, code, read_text().c_str());
    } else if (kind == '0') {
      sent = send_delimiter(ring);
    }
    insist(sent, "a record fits into an empty ring");
    drain(stdout);
  }
  return 0;
}

int commands() {
  CommandDecoder decoder;
  Command command;
  int byte;
  while ((byte = getchar()) != EOF)
    if (decoder.feed(static_cast<uint8_t>(byte), command))
      printf("%u %u %u\n", command.type, command.length, command.value);
  return 0;
}

int rates() {
  unsigned baud;
  while (scanf("%u", &baud) == 1) {
    unsigned highest = 0;
    for (unsigned rate = 1; rate <= 65535; ++rate)
      if (rate_fits(static_cast<uint16_t>(rate), baud)) highest = rate;
    printf("%u\n", highest);
  }
  return 0;
}

int judgements() {
  unsigned type, length, value, streaming, rate, baud;
  while (scanf("%u %u %u %u %u %u", &type, &length, &value, &streaming, &rate, &baud) == 6) {
    Command command;
    command.type = static_cast<uint8_t>(type);
    command.length = static_cast<uint8_t>(length);
    command.value = static_cast<uint16_t>(value);
    const Verdict verdict = judge(command, streaming != 0, static_cast<uint16_t>(rate), baud);
    insist(strlen(verdict.text) <= MAX_STRING, "a reply's text fits");
    printf("%u\n", verdict.code);
  }
  return 0;
}

#define FIELD(name) printf(#name " %zu %zu\n", offsetof(ConfigRecord, name), sizeof(ConfigRecord::name))

int layout() {
  FIELD(magic);
  FIELD(version);
  FIELD(side);
  FIELD(circuit);
  FIELD(r_m_milliohm);
  FIELD(serial_length);
  FIELD(serial);
  FIELD(layout_length);
  FIELD(layout);
  FIELD(crc);
  printf("boot_id@ %u 4\nrecord@ %u %zu\n", EEPROM_BOOT_ID, EEPROM_CONFIG, sizeof(ConfigRecord));
  return 0;
}

// --- fuzzing ---

uint64_t state;

uint32_t chance(uint32_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<uint32_t>(state >> 16) % below;
}

// What the ring gained by one record, checked against the promises of SendRing.
std::vector<uint8_t> gained(uint8_t head_before, uint8_t room_before, bool sent) {
  std::vector<uint8_t> wire;
  for (uint8_t at = head_before; at != ring.head; at = static_cast<uint8_t>(at + 1)) wire.push_back(ring.bytes[at]);
  insist(sent == !wire.empty(), "the head moves if and only if something was sent");
  insist(wire.size() <= room_before, "nothing unsent is overwritten");
  if (sent) {
    insist(wire.back() == 0, "a packet ends with its delimiter");
    for (size_t i = 0; i + 1 < wire.size(); ++i) insist(wire[i] != 0, "no zero within a packet");
  }
  return wire;
}

void fuzz_encoder() {
  ring.head = static_cast<uint8_t>(chance(256));
  ring.tail = static_cast<uint8_t>(chance(4) ? ring.head : chance(256));
  const uint8_t head = ring.head, room = ring_room(ring);
  bool sent = false;
  switch (chance(5)) {
    case 0: {
      Scan scan = Scan();
      scan.sequence = static_cast<uint16_t>(chance(65536));
      scan.time_us = chance(4) ? chance(0xFFFFFFFF) : 0;
      for (uint16_t &count : scan.counts) count = static_cast<uint16_t>(chance(3) ? chance(65536) : 0);
      sent = send_frame(ring, scan);
      insist(sent == (room >= FRAME_WIRE_BYTES), "a frame is dropped only for want of room");
      break;
    }
    case 1: {
      // Texts exactly as long as they claim, so that a read beyond them is seen.
      std::vector<char> serial(1 + chance(255)), name(1 + chance(255));
      for (char &c : serial) c = static_cast<char>(chance(256));
      for (char &c : name) c = static_cast<char>(chance(256));
      const std::vector<uint16_t> offsets(N_SENSELS, static_cast<uint16_t>(chance(65536)));
      const std::string text(chance(40), 'x');
      Identity who = Identity();
      who.boot_id = chance(0xFFFFFFFF);
      who.scan_offset_us = offsets.data();
      who.firmware = text.c_str();
      who.board = text.c_str();
      who.serial = serial.data();
      who.serial_length = static_cast<uint8_t>(serial.size());
      who.layout = name.data();
      who.layout_length = static_cast<uint8_t>(name.size());
      sent = send_identify(ring, who);
      break;
    }
    case 2: {
      Counters counters;
      counters.frames_sent = chance(0xFFFFFFFF);
      counters.frames_dropped = chance(0xFFFFFFFF);
      counters.overruns = chance(2) ? 0 : chance(0xFFFFFFFF);
      sent = send_status(ring, chance(0xFFFFFFFF), counters);
      break;
    }
    case 3: {
      Pulse pulse;
      pulse.time_us = chance(0xFFFFFFFF);
      pulse.count = chance(0xFFFFFFFF);
      pulse.kind = static_cast<uint8_t>(chance(256));
      pulse.level = static_cast<uint8_t>(chance(256));
      sent = send_pulse(ring, pulse);
      break;
    }
    case 4: {
      const std::string text(chance(300), static_cast<char>(1 + chance(255)));
      sent = send_reply(ring, static_cast<uint8_t>(chance(256)), static_cast<uint8_t>(chance(256)), text.c_str());
      break;
    }
  }
  gained(head, room, sent);
}

void take_commands(CommandDecoder &decoder, const std::vector<uint8_t> &line, unsigned &found) {
  Command command;
  for (const uint8_t byte : line) {
    if (!decoder.feed(byte, command)) continue;
    ++found;
    insist(byte == 0, "a command ends with its delimiter");
    insist(command.type > 0x80, "only commands are reported");
    insist(command.length <= MAX_BODY - 3, "no payload is longer than a packet");
    const Verdict verdict = judge(command, chance(2), 1000, 1000000);
    insist(verdict.code <= REPLY_HARDWARE_FAULT, "a verdict is a reply code");
  }
}

// Rubbish, packets of any length, and packets with something cut, flipped, doubled or left out.
std::vector<uint8_t> any_line() {
  std::vector<uint8_t> line;
  if (chance(3) == 0) {
    line.resize(chance(chance(8) ? 24 : 600));
    for (uint8_t &byte : line) byte = static_cast<uint8_t>(chance(4) ? chance(256) : chance(3));
    return line;
  }
  // CRC and COBS are written anew here: the code under test does not make its own input.
  std::vector<uint8_t> body(1 + chance(chance(4) ? 4 : 252));
  for (uint8_t &byte : body) byte = static_cast<uint8_t>(chance(3) ? chance(256) : 0);
  if (chance(8)) body[0] = static_cast<uint8_t>(0x81 + chance(7));
  uint16_t crc = 0xFFFF;
  for (const uint8_t byte : body) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = static_cast<uint16_t>(crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1);
  }
  body.push_back(static_cast<uint8_t>(crc));
  body.push_back(static_cast<uint8_t>(crc >> 8));
  line.push_back(1);
  size_t code_at = 0;
  for (const uint8_t byte : body) {
    if (byte) {
      line.push_back(byte);
      ++line[code_at];
    } else {
      code_at = line.size();
      line.push_back(1);
    }
  }
  line.push_back(0);
  switch (chance(6)) {
    case 0:
      line[chance(static_cast<uint32_t>(line.size()))] ^= static_cast<uint8_t>(1 + chance(255));
      break;
    case 1:
      line.erase(line.begin() + chance(static_cast<uint32_t>(line.size())));
      break;
    case 2:
      line.insert(line.begin() + chance(static_cast<uint32_t>(line.size())), static_cast<uint8_t>(chance(256)));
      break;
    case 3:
      line.resize(chance(static_cast<uint32_t>(line.size())));
      break;
  }
  return line;
}

int fuzz(long inputs, uint64_t seed) {
  state = seed * 0x9E3779B97F4A7C15u + 1;
  CommandDecoder decoder;
  unsigned found = 0;
  for (long i = 0; i < inputs; ++i) {
    if (i % 2)
      fuzz_encoder();
    else
      take_commands(decoder, any_line(), found);
  }
  // After any rubbish one delimiter, and a command is understood.
  const std::vector<uint8_t> start = {0x00, 0x04, 0x82, 0x9d, 0xa8, 0x00};
  const unsigned before = found;
  take_commands(decoder, start, found);
  insist(found > before, "a delimiter ends the rubbish in front of a command");
  printf("%ld inputs, %u commands\n", inputs, found);
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "frames") return frames();
  if (what == "records") return records();
  if (what == "commands") return commands();
  if (what == "rates") return rates();
  if (what == "judge") return judgements();
  if (what == "layout") return layout();
  if (what == "fuzz" && argc == 4) return fuzz(atol(argv[2]), strtoull(argv[3], nullptr, 10));
  fprintf(stderr, "driver: frames | records | commands | rates | judge | layout | fuzz N SEED\n");
  return 2;
}
