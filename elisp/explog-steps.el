;;; explog-steps.el --- The steps of an experiment in its log  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Where the steps of an experiment are in a buffer, by the numbers that a
;; reader sees.  The server reads files by the same rules (steps.py and
;; lists.py): indentation decides, one blank line continues a list and
;; two end it, and what looks like an item in a block or drawer is none.
;;
;; Org's own functions for lists are not used: they do not count from the
;; number that is written, and take twenty times as long, which an index
;; of all experiments in a log of years cannot afford.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-heading)
(require 'explog-log)
(require 'seq)
(require 'subr-x)

(defvar org-complex-heading-regexp)

;;;; What lists look like

(defconst explog-steps--item-regexp
  (concat "\\(?:[ \t]*\\(?:[-+]\\|\\([0-9]+\\)[.)]\\)\\|[ \t]+\\*\\)"
          "\\(?:[ \t]+\\|\r?$\\)"
          "\\(?:\\[@\\(?:start:\\)?\\(?:\\([0-9]+\\)\\|[A-Za-z]\\)\\][ \t]*\\)?"
          "\\(?:\\(\\[[ xX-]\\]\\)\\(?:[ \t\r]\\|$\\)\\)?")
  "Matches the beginning of an item: its number, counter and checkbox.")

(defconst explog-steps--block-regexp "[ \t]*#\\+BEGIN\\(_[^ \t\r\n]+\\|:\\)"
  "Matches the beginning of a block.")

(defconst explog-steps--drawer-regexp "[ \t]*:[-_[:alnum:]]+:[ \t\r]*$"
  "Matches the beginning of a drawer, and the end of one.")

(defconst explog-steps--end-regexp "[ \t]*:END:[ \t\r]*$"
  "Matches the end of a drawer.")

(defconst explog-steps--deepest 8
  "How many numbers a step can have.")

;;;; The steps of an experiment

(defun explog-steps ()
  "Return what is to be done for the experiment whose heading is at point.
Each of these steps is (NUMBER START END BOX): NUMBER is a string like
\"1.2\", and the item with all that is in it goes from START to END.
BOX is its checkbox with the brackets, or nil.  They are in the order of
the buffer.

The steps are the first ordered list beneath the child heading that is
named `explog-steps-heading', else beneath the first child that has an
ordered list of checkboxes."
  (let ((children (explog-steps-children)))
    (if-let ((named (seq-find #'explog-steps-named-p children)))
        (explog-steps--beneath named)
      (seq-some (lambda (child)
                  (let ((steps (and (not (explog-steps--own-id child))
                                    (explog-steps--beneath child))))
                    (and (seq-some #'explog-steps--boxed-p steps) steps)))
                children))))

(defun explog-steps-position (number)
  "Return where the step NUMBER begins, or nil if there is no such step.
The heading of the experiment is at point."
  (nth 1 (assoc number (explog-steps))))

(defun explog-steps-at (position)
  "Return the number of the innermost step around POSITION, or nil.
The heading of the experiment is at point."
  (let (found)
    (pcase-dolist (`(,number ,start ,end) (explog-steps) found)
      (when (and (<= start position) (< position end))
        (setq found number)))))

(defun explog-steps-text (start)
  "Return the text in the first line of the step at START."
  (save-excursion
    (goto-char start)
    (looking-at explog-steps--item-regexp)
    (string-trim (buffer-substring-no-properties (match-end 0) (line-end-position)))))

;;;; Headings

(defun explog-steps-children ()
  "Return the positions of the headings right beneath the one at point."
  (save-excursion
    (let ((end (explog-log-entry-end)) (shallowest nil) children)
      (forward-line)
      (while (re-search-forward "^\\(\\*+\\) " end t)
        (let ((level (- (match-end 1) (match-beginning 1))))
          (when (or (null shallowest) (<= level shallowest))
            (setq shallowest level)
            (push (match-beginning 0) children))))
      (nreverse children))))

(defun explog-steps-named-p (child)
  "Return non-nil if the heading at CHILD is named `explog-steps-heading'."
  (save-excursion
    (goto-char child)
    (let ((wanted (downcase explog-steps-heading)))
      ;; Nearly all headings are told apart without what org has to do.
      (and (string-search wanted (downcase (explog-heading-text)))
           (string= wanted (downcase (explog-steps-title)))
           (not (explog-heading-leading-id))))))

(defun explog-steps-title ()
  "Return the title of the heading at point, without keyword and priority."
  (explog-heading-title
   (let ((case-fold-search nil))
     (cond ((not (derived-mode-p 'org-mode))
            (replace-regexp-in-string "\\`[A-Z]+ +" "" (explog-heading-text)))
           ((looking-at org-complex-heading-regexp)
            (or (match-string-no-properties 4) ""))
           (t "")))))

(defun explog-steps--own-id (child)
  "Return the id of the heading at CHILD, if that is an experiment itself."
  (save-excursion
    (goto-char child)
    (explog-heading-id t)))

;;;; Reading a list

(cl-defstruct (explog-steps--list (:constructor explog-steps--make-list)
                                  (:copier nil))
  "A list that is being read, INDENT wide.
STEP is the item that is being read, if it is a step, as `explog-steps'
returns it.  COUNTED means that the list is one of steps; then SHIFT is
what to add to the numbers written, PREFIX stands before them, and
ORDERED says whether STEP has a list of steps already."
  indent step counted (shift 0) prefix ordered)

(defvar explog-steps--open nil
  "The lists that are being read, the innermost first.")

(defvar explog-steps--found nil
  "The steps that were read, the last one first.")

(defun explog-steps--beneath (child)
  "Return the first ordered list of the heading at CHILD; see `explog-steps'.
What is beneath the next heading does not count."
  (save-excursion
    (goto-char child)
    (forward-line)
    (let ((end (save-excursion
                 (if (re-search-forward "^\\*+ " nil t) (match-beginning 0) (point-max))))
          (explog-steps--open nil)
          (explog-steps--found nil)
          (tab-width 8)
          (case-fold-search t)
          (blanks 0))
      (while (and (< (point) end)
                  ;; Behind the first ordered list there is nothing to look for.
                  (or explog-steps--open (not explog-steps--found)))
        (cond ((looking-at-p "[ \t\r]*$")
               (setq blanks (1+ blanks))
               (when (= blanks 2)
                 (explog-steps--close -1)))
              ((looking-at explog-steps--item-regexp)
               (setq blanks 0)
               (explog-steps--item (current-indentation)))
              (t (setq blanks 0)
                 (explog-steps--close (current-indentation))
                 (explog-steps--skip end)))
        (forward-line))
      (explog-steps--close -1)
      (nreverse explog-steps--found))))

(defun explog-steps--skip (end)
  "Go to the last line of the block or drawer that begins here, if one does.
It ends before END."
  (let ((last (cond ((looking-at explog-steps--block-regexp)
                     (concat "[ \t]*#\\+END" (regexp-quote (match-string 1))
                             "[ \t\r]*$"))
                    ((and (looking-at-p explog-steps--drawer-regexp)
                          (not (looking-at-p explog-steps--end-regexp)))
                     explog-steps--end-regexp))))
    (when last
      (save-excursion
        (forward-line)
        (setq last (and (re-search-forward (concat "^" last) end t)
                        (match-beginning 0))))
      (when last
        (goto-char last)))))

(defun explog-steps--close (indent)
  "Close the lists whose items are not less indented than INDENT."
  (while (and explog-steps--open
              (>= (explog-steps--list-indent (car explog-steps--open)) indent))
    (explog-steps--close-item (pop explog-steps--open))))

(defun explog-steps--close-item (list)
  "End the item of LIST that is being read before point."
  (when-let ((step (explog-steps--list-step list)))
    (setf (nth 2 step) (point))))

(defun explog-steps--item (indent)
  "Read the item at point, INDENT wide, that was matched just now."
  (let ((written (match-string-no-properties 1))
        (counter (match-string-no-properties 2))
        (box (match-string-no-properties 3)))
    (explog-steps--close (1+ indent))
    (if (and explog-steps--open
             (= indent (explog-steps--list-indent (car explog-steps--open))))
        (explog-steps--close-item (car explog-steps--open))
      (explog-steps--begin indent written))
    (let* ((list (car explog-steps--open))
           (step (and written
                      (explog-steps--list-counted list)
                      (list (explog-steps--number list written counter)
                            (point) nil box))))
      (setf (explog-steps--list-step list) step
            (explog-steps--list-ordered list) nil)
      (when step
        (push step explog-steps--found)))))

(defun explog-steps--begin (indent written)
  "Begin a list, INDENT wide, whose first item has the number WRITTEN, or none.
It is one of steps if it is the first ordered one, or the first one of a
step."
  (let* ((outer (car explog-steps--open))
         (step (and outer (explog-steps--list-step outer)))
         (counted (and written
                       (if outer
                           (and step
                                (not (explog-steps--list-ordered outer))
                                (< (length explog-steps--open) explog-steps--deepest))
                         (not explog-steps--found)))))
    (when (and counted outer)
      (setf (explog-steps--list-ordered outer) t))
    (push (explog-steps--make-list
           :indent indent :counted counted
           :prefix (if step (concat (car step) ".") ""))
          explog-steps--open)))

(defun explog-steps--number (list written counter)
  "Return the number of an item of LIST whose bullet has WRITTEN.
COUNTER, as in `[@5]', is nil if there is none; it counts for the items
behind it as well."
  (let ((own (explog-steps--digits written)))
    (when counter
      (setf (explog-steps--list-shift list) (- (explog-steps--digits counter) own)))
    (format "%s%d" (explog-steps--list-prefix list)
            (+ own (explog-steps--list-shift list)))))

(defun explog-steps--digits (digits)
  "Return the number that DIGITS are; so many as nobody writes are cut."
  (string-to-number (substring digits 0 (min 10 (length digits)))))

(defun explog-steps--boxed-p (step)
  "Return non-nil if STEP is an outermost one and has a checkbox."
  (and (nth 3 step)
       (not (string-search "." (car step)))))

(provide 'explog-steps)
;;; explog-steps.el ends here
