#include "scan.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "board.h"
#include "device_time.h"
#include "events.h"

volatile uint8_t streaming;

namespace {

// Clocks of one conversion in free running mode, and of the sample's hold after its start (ds 2560 section 26.4).
const uint16_t CONVERSION_CLOCKS = 13;

// From the timer's match to the start of the first conversion: interrupt, saved registers, the code below.
const uint16_t START_CYCLES = 60;

// What the Uno's conversion interrupt spends before it waits for the hold, at least: 4 to enter, 3 for the jump, 20 to
// save registers, 32 for the code in front, rounded down. The ADC's own clock need not be awaited: the conversion that
// has just begun began on it.
const uint8_t SPENT_CYCLES = 50;

// From *start* to the first scan: enough to answer and to set the timer.
const uint32_t START_LEAD_US = 100;

// Longer than any scan, at the slowest clock of the ADC.
const uint32_t LONGEST_SCAN_US = 4000;

// How the rate wants the ADC. Slow scans get the slow, exact clock; 17 conversions must fit into a period.
struct Pace {
  uint8_t prescaler_bits;    // ADPS2:0
  uint8_t conversion_ticks;  // half microseconds
  uint8_t start_ticks;       // until the second channel may be chosen
  uint8_t hold_loops;        // until the next channel may be chosen, loops of 3 cycles
};

Pace pace;
uint16_t rate_hz;
uint16_t offsets[N_SENSELS];

// Two scans: one is filled by interrupts, one is read by the main loop. A ring of two, because an index would cost the
// interrupts a multiplication, and with it the saving of more registers.
struct Buffer {
  Scan scan;
  volatile bool full;
  Buffer *next;
};
Buffer buffers[2];
Buffer *filling;
Buffer *reading;

// The scan under way.
volatile bool scanning;
uint8_t channel;            // that the running conversion reads
uint16_t *next_count;
uint16_t started_tick;
bool late;
uint8_t overruns;           // since a scan was handed over

// The schedule: exact microseconds, the remainder carried on, so that no rate drifts.
uint32_t due_us;
uint16_t due_sequence;
uint16_t period_us;
uint16_t period_rest;       // of rate_hz
uint16_t rest;
uint32_t stopped_us;

// Control words of the ADC, made when the rate is set.
uint8_t adc_run;            // convert again and again, interrupt each time
uint8_t adc_last;           // finish the running conversion, no other
uint8_t adc_rest;           // on, nothing to do
uint16_t least_ticks;       // a scan's length in time: from the start of the first conversion to the last interrupt
uint16_t spare_ticks;

void burn_conversion() {
  // The first conversion after switching the ADC on takes 25 clocks and samples at 13.5 (ds 2560 section 26.4).
  ADCSRA = adc_rest | _BV(ADSC);
  while (ADCSRA & _BV(ADSC)) {
  }
  ADCSRA = adc_rest | _BV(ADIF);
}

}  // namespace

// A scan is due.
ISR(TIMER1_COMPA_vect) {
  if (!streaming) return;  // the compare interrupt is never switched off, so that no stale flag waits for *start*
  uint8_t due_failed = 0;
  if (scanning) {
    // The last scan has not ended: the interrupt of its last conversion was lost, or the ADC still runs.
    scanning = false;
    ++overruns;
    if (ADCSRA & _BV(ADSC)) due_failed = 1;
    ADCSRA = adc_rest | _BV(ADIF);
    board_choose(0);
  }
  Buffer *const buffer = filling;
  if (due_failed) {
    ++overruns;
  } else if (!buffer->full) {
    ADCSRA = adc_run;
    const uint16_t now = TCNT1;
    started_tick = now;
    scanning = true;
    late = false;
    channel = 0;
    next_count = buffer->scan.counts;
    buffer->scan.time_us = due_us;
    buffer->scan.sequence = due_sequence;
    uint8_t flags = SYNC_IN_HIGH() ? FLAG_SYNC_IN : 0;
    if (SYNC_OUT_PORT & _BV(SYNC_OUT_BIT)) flags |= FLAG_SYNC_OUT;
    buffer->scan.flags = flags;
  }
  ++due_sequence;
  uint32_t due = due_us + period_us;
  rest += period_rest;
  if (rest >= rate_hz) {
    rest -= rate_hz;
    ++due;
  }
  due_us = due;
  OCR1A = compare_at(due);
  if (scanning) {
    // The first conversion starts up to one ADC clock after it was asked for and holds 1.5 clocks later; only then
    // may the next channel be chosen. Three clocks.
    const uint16_t started = started_tick;
    const uint8_t wait = pace.start_ticks;
    while (static_cast<uint16_t>(TCNT1 - started) < wait) {
    }
    board_choose(1);
  }
}

// A conversion has ended, the next one has begun by itself, on the channel that was chosen meanwhile.
ISR(ADC_vect) {
  const uint8_t k = channel;
  // ADSC again: nothing to a converter that runs by itself; one that can't (a simulator) goes on.
  if (k < N_SENSELS - 2)
    ADCSRA = adc_run;
  else if (k == N_SENSELS - 2)
    ADCSRA = adc_last;
  uint16_t *const count = next_count;
  *count = ADC;
  next_count = count + 1;
  if (k < N_SENSELS - 1) {
    board_await_hold(pace.hold_loops);
    board_choose((k + 2) & (N_SENSELS - 1));
    // Another conversion has ended already: this interrupt came too late to choose the channel, or to read.
    if (ADCSRA & _BV(ADIF)) late = true;
    channel = k + 1;
    return;
  }
  // A lost interrupt makes one conversion more, and shifts all channels behind it: only time tells.
  const uint16_t took = TCNT1 - started_tick;
  Buffer *const buffer = filling;
  const bool good = !late && static_cast<uint16_t>(took - least_ticks) <= spare_ticks;
  if (!good) ++overruns;
  buffer->scan.good = good;
  buffer->scan.overruns = overruns;
  overruns = 0;
  buffer->full = true;
  filling = buffer->next;
  scanning = false;
  raise_event();
}

void scan_begin() {
  for (uint8_t i = 0; i < 2; ++i) buffers[i].next = &buffers[1 - i];
  filling = reading = &buffers[0];
  board_begin_channels();
  board_choose(0);
}

void scan_set_rate(uint16_t new_rate_hz) {
  rate_hz = new_rate_hz;
  period_us = static_cast<uint16_t>(1000000UL / rate_hz);
  period_rest = static_cast<uint16_t>(1000000UL % rate_hz);

  // 125 kHz lies within the 50 to 200 kHz that the datasheet wants for 10 bits (ds 2560 section 26.4); 250 and 500 kHz
  // cost a little accuracy, and are what 1000 and 2000 scans a second need.
  const uint8_t prescaler = rate_hz <= 500 ? 128 : rate_hz <= 1000 ? 64 : 32;
  const uint8_t prescaler_bits = prescaler == 128 ? 7 : prescaler == 64 ? 6 : 5;
  const uint8_t ticks_per_clock = prescaler / 8;
  pace.conversion_ticks = CONVERSION_CLOCKS * ticks_per_clock;
  pace.start_ticks = 3 * ticks_per_clock;
  pace.hold_loops = (prescaler + 3 * (prescaler / 4) - SPENT_CYCLES + 2) / 3;  // 1.75 clocks

  adc_rest = _BV(ADEN) | prescaler_bits;
  adc_last = adc_rest | _BV(ADIE) | _BV(ADSC);
  adc_run = adc_last | _BV(ADATE);
  least_ticks = N_SENSELS * pace.conversion_ticks - pace.conversion_ticks / 4;
  spare_ticks = pace.conversion_ticks;
  // Half a clock: the mean wait for the ADC's own clock. One and a half: the hold.
  const uint16_t first_cycles = START_CYCLES + 2 * prescaler;
  for (uint8_t i = 0; i < N_SENSELS; ++i)
    offsets[i] = static_cast<uint16_t>((first_cycles + static_cast<uint32_t>(i) * CONVERSION_CLOCKS * prescaler + 8) / 16);

  ADCSRA = 0;
  burn_conversion();
}

uint16_t scan_rate() { return rate_hz; }

const uint16_t *scan_offsets() { return offsets; }

void scan_start() {
  buffers[0].full = buffers[1].full = false;
  filling = reading = &buffers[0];
  scanning = false;
  overruns = 0;
  due_sequence = 0;
  rest = rate_hz / 2;  // so that stamps are rounded, not cut
  cli();
  due_us = device_time_locked() + START_LEAD_US;
  OCR1A = compare_at(due_us);
  sei();
  // A match of the old compare value that came meanwhile has been served here, and was nobody's scan.
  streaming = 1;
}

void scan_stop() {
  streaming = 0;
  stopped_us = device_time();
}

const Scan *scan_next() { return reading->full ? &reading->scan : nullptr; }

void scan_done() {
  reading->full = false;
  reading = reading->next;
}

bool scan_ended() {
  if (!scanning) return true;
  if (device_time() - stopped_us < LONGEST_SCAN_US) return false;
  ADCSRA = adc_rest | _BV(ADIF);  // its last interrupt was lost
  board_choose(0);
  scanning = false;
  ++overruns;
  return true;
}

uint16_t scan_due() { return due_sequence; }

uint8_t scan_overruns_left() { return overruns; }
