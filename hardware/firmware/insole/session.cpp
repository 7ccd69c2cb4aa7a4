#include "session.h"

#include <avr/interrupt.h>
#include <stdint.h>

#include "board.h"
#include "boot.h"
#include "command.h"
#include "config.h"
#include "device_time.h"
#include "events.h"
#include "frame.h"
#include "line.h"
#include "pulse.h"
#include "scan.h"

uint32_t boot_id;
Counters counters;  // since *start*; frames sent and dropped together are the scans taken from scan_next()

namespace {

// Room that pulses leave: a bouncing contact must not cost frames, and its edges stay counted.
const uint8_t KEPT_FOR_FRAMES = 4 * FRAME_WIRE_BYTES;

ConfigRecord config;
CommandDecoder decoder;

// What waits for room in the ring. A packet that does not fit now is tried again at the next event.
bool owe_identify;
bool owe_fault;
bool owe_status;
bool owe_reply;
bool owe_start;
bool stopping;
const char *fault;
uint8_t reply_to;
Verdict verdict;

uint16_t next_sequence;
uint16_t until_status;  // scans

bool identify() {
  Identity identity;
  identity.boot_id = boot_id;
  identity.r_m_milliohm = config.r_m_milliohm;
  identity.capabilities = CAPABILITY_BELT_PULSE | CAPABILITY_SYNC_IN | CAPABILITY_SYNC_OUT | CAPABILITY_SET_RATE |
                          CAPABILITY_SET_SIDE;
  identity.scan_offset_us = scan_offsets();
  identity.firmware = INSOLE_FIRMWARE;
  identity.board = BOARD_NAME;
  identity.serial = config.serial;
  identity.layout = config.layout;
  identity.rate_hz = scan_rate();
  identity.serial_length = config.serial_length;
  identity.layout_length = config.layout_length;
  identity.side = config.side;
  identity.circuit = config.circuit;
  return send_identify(send_ring, identity);
}

// Scans up to `sequence` have come and gone; `overruns` of them failed.
void count_missed(uint16_t sequence, uint8_t overruns) {
  const uint16_t missed = sequence - next_sequence;
  counters.frames_dropped += missed;
  counters.overruns += overruns;
  next_sequence = sequence;
  if (missed >= until_status) {
    owe_status = true;
    until_status += scan_rate();
  }
  until_status -= missed;
}

void count_scan() {
  ++next_sequence;
  if (--until_status == 0) {
    owe_status = true;
    until_status = scan_rate();
  }
}

// A status carries the counters of the moment it enters the ring, so it stands behind the last frame it counts.
bool pay_status() {
  if (!owe_status) return true;
  if (!send_status(send_ring, device_time(), counters)) return false;
  owe_status = false;
  return true;
}

void take_scans() {
  while (const Scan *scan = scan_next()) {
    count_missed(scan->sequence, scan->overruns);
    if (!scan->good) ++counters.overruns;
    if (scan->good && send_frame(send_ring, *scan))
      ++counters.frames_sent;
    else
      ++counters.frames_dropped;
    scan_done();
    count_scan();
    pay_status();
    watchdog_calm();  // while frames are due, only a scan shows that the timer's interrupt lives
  }
}

void take_pulses() {
  if (!streaming && !stopping) return pulse_forget();  // edges are reported between *start* and *stop*
  Pulse pulse;
  while (ring_room(send_ring) >= KEPT_FOR_FRAMES && pulse_next(pulse) && send_pulse(send_ring, pulse)) pulse_done();
}

void begin_streaming() {
  counters = Counters();
  next_sequence = 0;
  until_status = scan_rate();
  owe_status = false;
  pulse_forget();
  scan_start();
}

void execute(const Command &command) {
  if (command.type == COMMAND_IDENTIFY) {
    owe_identify = true;
    return;
  }
  verdict = judge(command, streaming, scan_rate(), INSOLE_BAUD);
  reply_to = command.type;
  owe_reply = true;
  if (verdict.code != REPLY_OK) return;
  switch (command.type) {
    case COMMAND_START:
      owe_start = true;
      break;
    case COMMAND_STOP:
      if (streaming) {
        scan_stop();
        stopping = true;
      }
      break;
    case COMMAND_SET_RATE:
      scan_set_rate(command.value);
      break;
    case COMMAND_SET_SIDE:
      config_set_side(config, static_cast<uint8_t>(command.value));
      break;
    case COMMAND_SYNC_OUT:
      sync_out(command.value);
      break;
  }
}

// The frames still queued, a last status, then the reply.
void finish_stopping() {
  if (!scan_ended() || scan_next()) return;
  count_missed(scan_due(), scan_overruns_left());
  owe_status = true;
  stopping = false;
}

void pay_debts() {
  if (owe_identify && identify()) {
    owe_identify = false;
  }
  if (owe_fault && send_reply(send_ring, 0, REPLY_HARDWARE_FAULT, fault)) owe_fault = false;
  if (!pay_status() || stopping) return;
  if (owe_reply && send_reply(send_ring, reply_to, verdict.code, verdict.text)) {
    owe_reply = false;
    if (owe_start) {  // its reply stands before its first frame
      owe_start = false;
      begin_streaming();
    }
  }
}

// One command at a time: the next is read when the last is answered. And not without end: scans come first, whatever
// the line brings.
void take_commands() {
  uint8_t byte;
  Command command;
  for (uint8_t turns = 0; turns < 16; ++turns) {
    if (owe_identify || owe_reply || !line_receive(byte)) return;
    if (decoder.feed(byte, command)) {
      execute(command);
      pay_debts();
    }
  }
  raise_event();
}

}  // namespace

void session_begin() {
  boot_id = config_count_boot();
  fault = config_load(config) == CONFIG_DAMAGED ? "EEPROM record damaged: side, serial and layout lost" : boot_fault();
  device_time_begin();
  pulse_begin();
  scan_begin();
  scan_set_rate(INSOLE_DEFAULT_RATE_HZ);
  line_begin();
  send_delimiter(send_ring);
  owe_identify = true;
  owe_fault = fault != nullptr;
  watchdog_begin();
}

void session_run() {
  if (!streaming) watchdog_calm();
  take_scans();
  if (stopping) finish_stopping();
  take_pulses();
  pay_debts();
  take_commands();
  line_send();
}
