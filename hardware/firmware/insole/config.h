// What a maker may change, and what the board remembers without power.

#ifndef INSOLE_CONFIG_H
#define INSOLE_CONFIG_H

#include <stdint.h>

// --- The line ---

// 1000000 or 500000 baud: both divide 16 MHz exactly. 115200 would be 2.1 % off, and too slow for 1000 Hz.
#ifndef INSOLE_BAUD
#define INSOLE_BAUD 1000000
#endif

// --- Identity ---

// Used while the EEPROM is blank. To write other values into a board that has its own already, upload once with
// INSOLE_PROVISION 1, then again with 0: the record below is overwritten at every boot while it is 1.
#ifndef INSOLE_PROVISION
#define INSOLE_PROVISION 0
#endif
#ifndef INSOLE_SERIAL
#define INSOLE_SERIAL "unnamed"
#endif
#ifndef INSOLE_LAYOUT
#define INSOLE_LAYOUT "ref16-EU42"
#endif
#ifndef INSOLE_SIDE
#define INSOLE_SIDE 255  // 0 left, 1 right, 255 not set: the command "set side" decides
#endif
#ifndef INSOLE_CIRCUIT
#define INSOLE_CIRCUIT 0  // 0: sensor between supply and node, R_M to ground. 1: sensor to ground
#endif
#ifndef INSOLE_R_M_MILLIOHM
#define INSOLE_R_M_MILLIOHM 1000000UL
#endif

#define INSOLE_FIRMWARE "1.0.0"
#define INSOLE_DEFAULT_RATE_HZ 1000

// --- Pins ---

// The same numbers on both boards. Sensels: A0 to A15 on the Mega; on the Uno A0 is the common pin of a 74HC4067
// whose S0 to S3 are on D4 to D7.
#define PIN_BELT 2      // INT4 on the Mega (PE4), INT0 on the Uno (PD2): rising edges are belt pulses
#define PIN_SYNC_IN 3   // INT5 on the Mega (PE5), INT1 on the Uno (PD3): both edges
#define PIN_SYNC_OUT 8  // PH5 on the Mega, PB0 on the Uno
#define PIN_SELECT_0 4  // S0 of the multiplexer (Uno), PD4; S1, S2, S3 follow on PD5, PD6, PD7

// --- EEPROM ---

// Addresses 0 to 3 stay unused: a brown-out during a write likes to hit address 0.
const uint16_t EEPROM_BOOT_ID = 4;   // u32, little-endian, counts boots; blank is 0xFFFFFFFF, so the first boot is 0
const uint16_t EEPROM_CONFIG = 16;   // ConfigRecord
const uint8_t CONFIG_VERSION = 1;
const uint8_t CONFIG_STRING = 32;    // longest string of protocol section 3.2

struct ConfigRecord {
  char magic[4];                     // offset 0: "INSO"
  uint8_t version;                   // 4: CONFIG_VERSION
  uint8_t side;                      // 5: 0 left, 1 right, 255 not set
  uint8_t circuit;                   // 6: 0 fsr_high, 1 fsr_low
  uint32_t r_m_milliohm;             // 7: not 0, little-endian
  uint8_t serial_length;             // 11
  char serial[CONFIG_STRING];        // 12: padded with 0x00
  uint8_t layout_length;             // 44
  char layout[CONFIG_STRING];        // 45: padded with 0x00
  uint16_t crc;                      // 77: CRC-16/MCRF4XX of bytes 0 to 76, little-endian
} __attribute__((packed));           // 79 bytes

static_assert(sizeof(ConfigRecord) == 79, "the record is also written by programs outside the board");

enum ConfigOrigin : uint8_t { CONFIG_READ, CONFIG_BLANK, CONFIG_DAMAGED };

// Fills `record` from the EEPROM; where that is blank or damaged, with the values above, and writes them.
ConfigOrigin config_load(ConfigRecord &record);

// Keeps the side without power. Blocks for up to three EEPROM bytes (3.4 ms each, ds ATmega2560 section 8.6.3).
void config_set_side(ConfigRecord &record, uint8_t side);

// Number of this boot; differs from boot to boot.
uint32_t config_count_boot();

#endif
