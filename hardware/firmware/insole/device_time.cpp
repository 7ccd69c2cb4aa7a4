#include "device_time.h"

#include "events.h"

volatile uint32_t timer_overflows;

ISR(TIMER1_OVF_vect) {
  ++timer_overflows;
  raise_event();  // 30 times a second, also when stopped: the main loop calms the watchdog
}

void device_time_begin() {
  // The core set the timer up for PWM. Normal mode, 16 MHz / 8: 0.5 us a tick (ds 2560 section 17.11).
  TCCR1B = 0;
  TCCR1A = 0;
  TCNT1 = 0;
  TIMSK1 = _BV(TOIE1) | _BV(OCIE1A);  // compare A starts the scans, scan.cpp
  TCCR1B = _BV(CS11);
}
