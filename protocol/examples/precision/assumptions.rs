//! What the generated city assumes of people, platforms and clocks. Shares are in 10,000. None of them was measured: where
//! nothing is known, the value is the one under which honest people look more alike. Change them here and run again.

/// How many of the people use only the city's application, and how many only the enterprise's; all others use both.
pub const CITY_APP_ONLY: u32 = 4_500;
pub const ENTERPRISE_APP_ONLY: u32 = 2_500;
/// Whoever uses both takes one for the day, and the other one for a single ride this often, also when changing lines.
pub const SWITCHES_APP: u32 = 2_000;

/// Go to work and back on a working day; ways of doing so: metro, bus, bus and bus, bicycle and metro, bicycle, metro and
/// metro with a walk outside the gates.
pub const COMMUTES: u32 = 7_500;
pub const WAYS: [u32; 6] = [3_700, 2_700, 1_300, 1_200, 800, 300];
/// A ride out and a ride back within the hour: at noon of a working day, at any time of another.
pub const ERRANDS: u32 = 2_000;
/// From boarding one bus to boarding the next: one stop and no wait, up to half an hour; seconds.
pub const CHANGE_OF_BUS_S: (i64, i64) = (150, 1_800);
/// From entering one line to entering the other, with an exit and a walk between.
pub const CHANGE_OUTSIDE_S: (i64, i64) = (330, 1_800);
/// From unlocking a bicycle to the gate of the metro.
pub const BICYCLE_TO_METRO_S: (i64, i64) = (210, 1_200);
/// A bicycle turns out to be broken and is given back at once; another is unlocked; the first ride counts all the same.
pub const BROKEN_BICYCLE: u32 = 50;
pub const NEXT_BICYCLE_S: (i64, i64) = (30, 180);
/// How often somebody else unlocks the broken one in the minutes after, and it counts again.
pub const TRIED_AGAIN: u32 = 3_000;
pub const TRIED_AGAIN_S: (i64, i64) = (60, 600);

/// People who have a child or parent riding on their account, and outings together on a day without work: both enter
/// within seconds, and this often the second ride is paid with the other application on the same account.
pub const SHARES_ACCOUNT: u32 = 800;
pub const OUTINGS: u32 = 2_500;
pub const SPLITS_APPS: u32 = 200;

/// People who live where both platforms credit by a methodology of low-carbon travel that does not tell the modes apart.
pub const UMBRELLA: u32 = 1_500;

/// People with an electric car, and how many of them charge it on a day; people who keep five cars on one account and
/// charge all of them when the shift changes, within a quarter of an hour.
pub const HAS_CAR: u32 = 1_200;
pub const CHARGES: u32 = 3_500;
pub const KEEPS_FLEET: u32 = 40;
pub const FLEET_CARS: u32 = 5;
pub const SHIFT_CHANGE_S: i64 = 900;
/// A charge breaks off after it began to count and is begun again on the same connector; from start to start.
pub const CHARGE_BREAKS_OFF: u32 = 200;
pub const BEGINS_AGAIN_S: (i64, i64) = (75, 600);
/// People for one connector, and seconds from one vehicle's leaving to the next one's start.
pub const PEOPLE_PER_CONNECTOR: u32 = 60;
pub const NEXT_VEHICLE_S: (i64, i64) = (45, 7_200);

/// Orders without cutlery in a day and person; some order twice within minutes for others.
pub const ORDERS: u32 = 2_500;
pub const ORDERS_TWICE: u32 = 600;
/// Parcels' cartons given back, sometimes in two deliveries within two minutes.
pub const GIVES_CARTONS: u32 = 100;
pub const TWO_DELIVERIES: u32 = 2_000;
/// People for one roof with solar panels; roofs that are read on another day than the first; roofs that change their
/// owner, and with it the platform, within a month.
pub const PEOPLE_PER_ROOF: u32 = 10;
pub const READ_ON_OTHER_DAY: u32 = 3_000;
pub const ROOF_SOLD: u32 = 20;

/// True duplicates, which have to be found, in 10,000 acts of their sort: many, so that the missed ones can be counted.
pub const SAME_RECORD: u32 = 100;
pub const SAME_RIDE: u32 = 100;
pub const SAME_CONNECTOR: u32 = 150;
pub const SAME_ROOF: u32 = 1_000;

/// Clocks: a platform states a time to within `USUAL_SKEW_S`; this often to within `POOR_SKEW_S`, and this often (a terminal
/// without a network, whose records get the time of their arrival) up to `OFFLINE_S` late. The enterprise's platform cuts
/// this many of its times to the minute.
pub const USUAL_SKEW_S: i64 = 5;
pub const POOR_CLOCK: u32 = 200;
pub const POOR_SKEW_S: i64 = 60;
pub const OFFLINE: u32 = 20;
pub const OFFLINE_S: i64 = 3_600;
pub const CUT_TO_MINUTE: u32 = 5_000;
