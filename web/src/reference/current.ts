/** Which section of a long page is being read. Knows no contract. */
import { useEffect, useState } from 'preact/hooks';

const TOP = 1 / 4; // of the window: a section is read once it begins above that line

/** Return the id of the section that is at the top of the window; of the last one at the end of the page. */
export function useCurrent(ids: string[]): string {
  const [current, setCurrent] = useState('');
  useEffect(() => {
    let frame = 0;
    const find = () => {
      frame = 0;
      const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 2 && scrollY > 0;
      const above = ids.filter((id) => topOf(id) < innerHeight * TOP);
      setCurrent((end ? ids.at(-1) : above.at(-1)) ?? '');
    };
    const moved = () => {
      frame ||= requestAnimationFrame(find);
    };
    find();
    addEventListener('scroll', moved, { passive: true });
    addEventListener('resize', moved);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', moved);
      removeEventListener('resize', moved);
    };
  }, [ids]);
  return current;
}

function topOf(id: string): number {
  return document.getElementById(id)?.getBoundingClientRect().top ?? Number.POSITIVE_INFINITY;
}
