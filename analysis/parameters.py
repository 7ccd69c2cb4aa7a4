"""Every number the methods leave configurable, with its default (spec section 14).

The values travel with each result (`as_dict`), so that two results can be told apart by what was asked of them.
Bits, circuit and measuring resistor belong to the device and live in `insole.calibration.Electronics`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Parameters:
    """Defaults of the analysis; units stand in the names, shares are 0...1."""

    # electronics and calibration (2.1, 2.2, 6.2); counts of a 10-bit converter, from the unloaded end
    sigma_gain: float = 0.10
    saturated_count_10_bit: int = 1000
    near_saturation_count_10_bit: int = 971

    # baseline (2.3)
    baseline_swings: int = 5
    baseline_middle_share: float = 0.50
    baseline_window_s: float = 3.0
    baseline_percentile: float = 2.0
    baseline_limit_bw: float = 0.2
    baseline_limit_unknown_mass_n: float = 150.0
    rezero_after_s: float = 2.5
    preload_high_share: float = 0.10
    baseline_jump: float = 10.0
    baseline_jump_strides: int = 10

    # filters and gaps (3)
    fir_ms: float = 9.0
    low_pass_hz: float = 50.0
    low_pass_guard_s: float = 0.100
    low_pass_from_hz: float = 250.0
    gap_s: float = 0.010
    stuck_strides: int = 3
    stuck_s: float = 3.0
    scan_offset_us: float = 200.0

    # contacts (4.1)
    t_hi_bw: float = 0.05
    t_hi_min_n: float = 30.0
    t_lo_bw: float = 0.03
    t_lo_min_n: float = 20.0
    t_contact_s: float = 0.060
    t_swing_s: float = 0.060
    noisy_swing_sd: float = 6.0

    # gait mode (4.2)
    mode_share: float = 0.90
    prominence_bw: float = 0.05
    transition_s: float = 0.020
    step_mode_dead_band_s: float = 0.010
    mode_matched_steps: int = 100
    duty_run_below: float = 0.48
    duty_walk_above: float = 0.52

    # valid steps (4.3)
    edge_steps: int = 5
    belt_speed_share: float = 0.02
    interpolated_share: float = 0.05
    contact_time_min_s: float = 0.08
    contact_time_max_s: float = 1.2
    stride_time_min_s: float = 0.4
    stride_time_max_s: float = 2.0
    missed_event_ratio: float = 1.6
    mad_k: float = 3.5
    saturated_load_share: float = 0.10
    saturated_flag_share: float = 0.05
    saturated_invalid_share: float = 0.20
    min_steps_mean: int = 20
    min_steps_interval: int = 30
    recommended_steps: int = 100

    # centre of pressure and indices (5, 6)
    cop_bw: float = 0.10
    cop_unknown_mass_n: float = 50.0
    mlr_min_kpa: float = 20.0

    # force scale and drift (2.4, 7.3)
    kappa_ratio_low: float = 0.7
    kappa_ratio_high: float = 1.4
    kappa_static_dynamic_share: float = 0.15
    kappa_window_s: float = 60.0
    kappa_drift_percent_per_h: float = 5.0

    # protocol (2.5)
    acclimatisation_s: float = 180.0

    # guard (8.1)
    guard_incline_ok_points: float = 0.5
    guard_incline_warn_points: float = 1.0
    guard_speed_ok_share: float = 0.02
    guard_speed_warn_share: float = 0.05
    guard_minutes_between: float = 60.0

    # intervals (8.2)
    interval_blocks_max: int = 36
    hurst_from: float = 0.50
    hurst_to: float = 0.95
    hurst_step: float = 0.025
    hurst_coupling: float = 0.15
    lab_df_min: int = 4
    alpha: float = 0.05

    # instrument floors of MLI in points (6.2)
    floor_within_trial: float = 2.5
    floor_fixed: float = 4.2
    floor_re_donned: float = 13.0
    floor_left_right: float = 15.0
    floor_did_fixed: float = 6.0
    floor_did_re_donned: float = 18.4

    def as_dict(self) -> dict[str, float | int]:
        """Name -> value, JSON-safe; stored with every result."""
        return asdict(self)

    def t_hi_n(self, body_weight_n: float | None) -> float:
        """Upper event threshold T_hi in N (4.1); the minimum alone if the mass is unknown."""
        return self.t_hi_min_n if body_weight_n is None else max(self.t_hi_bw * body_weight_n, self.t_hi_min_n)

    def t_lo_n(self, body_weight_n: float | None) -> float:
        """Lower event threshold T_lo in N, which times both events (4.1)."""
        return self.t_lo_min_n if body_weight_n is None else max(self.t_lo_bw * body_weight_n, self.t_lo_min_n)

    def cop_force_n(self, body_weight_n: float | None) -> float:
        """Force in N (scaled by kappa_event) from which the centre of pressure is valid (5.1)."""
        return self.cop_unknown_mass_n if body_weight_n is None else self.cop_bw * body_weight_n

    def baseline_limit_n(self, body_weight_n: float | None) -> float:
        """Summed force in N (kappa = 1) above which a start baseline is a loaded foot (2.3)."""
        return self.baseline_limit_unknown_mass_n if body_weight_n is None else self.baseline_limit_bw * body_weight_n


DEFAULTS = Parameters()
"""What is used when nobody asks for anything else."""
