;;; explog-check.el --- List what is wrong in the logs, and mend it  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-check' lists all problems of all logs, the most serious first.
;; RET visits a problem.  If there is one right way to mend it, m shows the
;; change, and m again makes it.  The server makes the change only if it is
;; still the same.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-review)
(require 'seq)
(require 'subr-x)

;;;; Problems

(cl-defstruct (explog-check-problem (:type vector) (:constructor nil) (:copier nil))
  "A problem as the server sends it; what does not apply is nil."
  kind file line experiment step message mendable entry-line title lines ignored)

(cl-defstruct (explog-check-line-edit (:type vector) (:constructor nil) (:copier nil))
  "The OLD text of a LINE of an entry, whose heading is line 0, and the NEW."
  line old new)

(cl-defstruct (explog-check-mend-row (:type vector) (:copier nil)
                                     (:constructor explog-check-make-mend-row))
  "A problem for the server to mend; OFFSET counts the lines from its heading."
  kind file experiment offset lines)

(cl-defstruct (explog-check-ignore-row (:type vector) (:copier nil)
                                       (:constructor explog-check--make-ignore-row))
  "A problem for the server to ignore, or to ignore no more."
  kind file experiment step message)

(defvar-local explog-check-problems nil
  "The problems in this buffer, a vector.")

(defun explog-check-here ()
  "Return the problem at point, or signal an error."
  (or (explog-review-item)
      (user-error "No problem here")))

(defface explog-check-serious '((t :inherit error))
  "A kind of problem that concerns a hash or a whole entry."
  :group 'explog)

(defface explog-check-slight '((t :inherit warning))
  "A less serious kind of problem."
  :group 'explog)

(defconst explog-check--kinds
  '(("unreadable" explog-check-serious "Cannot be read")
    ("duplicate-id" explog-check-serious "Id used twice")
    ("dead-hash" explog-check-serious "Dead hash")
    ("ambiguous" explog-check-serious "More than one may be meant")
    ("renumbered" explog-check-serious "List renumbered")
    ("dates" explog-check-serious "Dates contradict history")
    ("unknown-step" explog-check-slight "No such step")
    ("unknown-experiment" explog-check-slight "No such experiment")
    ("unticked" explog-check-slight "Results, and the box is open")
    ("cookie" explog-check-slight "Wrong cookie")
    ("unreferenced" explog-check-slight "Ticked, and no commit"))
  "Alist of kinds of problems: the face and the name of each.")

(defvar explog-check-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'explog-check-visit)
    (define-key map [mouse-2] #'explog-check-visit)
    (define-key map "n" #'explog-review-next)
    (define-key map "p" #'explog-review-previous)
    (define-key map "m" #'explog-check-mend)
    (define-key map "M" #'explog-check-mend-kind)
    (define-key map "k" #'explog-check-ignore)
    (define-key map (kbd "TAB") #'explog-check-toggle)
    map)
  "The keys of `explog-check-mode'.")

(define-derived-mode explog-check-mode special-mode "Explog Check"
  "List what is wrong in experiment logs, the most serious first.

A problem with an arrow can be mended: the mend is shown first, and made
when you type the key again.

\\{explog-check-mode-map}"
  (setq truncate-lines t
        buffer-undo-list t)
  (explog-show-reordering)
  (setq-local revert-buffer-function (lambda (&rest _) (explog-check-again)))
  (setq-local imenu-generic-expression '((nil "^\\([^ →\n].*\\)$" 1)))
  (setq-local outline-regexp "[^ →\n]")
  (explog-review-mode-on))

(defconst explog-check--buffer "*explog check*"
  "The buffer with the list of problems.")

;;;###autoload
(defun explog-check ()
  "List all problems of the logs, the most serious first."
  (interactive)
  (explog-review-open explog-check--buffer #'explog-check-mode #'explog-check-again))

(defvar-local explog-check--wanted nil
  "What announced the problem to go to when the list is there, or nil.")

(defun explog-check-announced (text)
  "List all problems of the logs, and go to the one that TEXT announced."
  (explog-check)
  (with-current-buffer explog-check--buffer
    (setq explog-check--wanted text)))

(defun explog-check-again ()
  "Ask the server for all problems, and list them in this buffer."
  (explog-review-ask "check" nil "Checking..." #'explog-check--show))

;;;; The list

(defun explog-check--show (rows)
  "List the problems in ROWS, and keep point where it was.
Behind the others come those that the user ignores."
  (let* ((item (explog-review-item))
         (line (line-number-at-pos))
         (problems (seq-remove #'explog-check-problem-ignored rows))
         (ignored (seq-filter #'explog-check-problem-ignored rows))
         (inhibit-read-only t))
    (setq explog-check-problems problems)
    (erase-buffer)
    (pcase-dolist (`(,kind . ,group)
                   (seq-group-by #'explog-check-problem-kind problems))
      (explog-check--insert-group kind group))
    (when (zerop (length problems))
      (insert "No problems\n")
      (message "explog: no problems"))
    (explog-check--insert-ignored ignored)
    (explog-check--summarize (length ignored))
    (explog-check--goto (or (explog-check--announced) item) line)))

(defun explog-check--announced ()
  "Return the listed problem that was announced and is to be visited, or nil."
  (when-let ((text explog-check--wanted))
    (setq explog-check--wanted nil)
    (seq-some (lambda (function)
                (seq-find (lambda (problem) (funcall function problem text))
                          explog-check-problems))
              '(explog-check--says-p explog-check--names-p explog-check--at-p))))

(defun explog-check--says-p (problem text)
  "Return non-nil if the message of PROBLEM is in TEXT."
  (string-search (explog-check-problem-message problem) text))

(defun explog-check--names-p (problem text)
  "Return non-nil if TEXT has the reference of PROBLEM."
  (let ((reference (explog-check--reference problem)))
    (and (not (string-empty-p reference))
         (string-match-p (format "\\_<%s\\(?:[^.0-9A-Za-z_-]\\|\\.?\\'\\|\\.[^0-9]\\)"
                                 (regexp-quote reference))
                         text))))

(defun explog-check--at-p (problem text)
  "Return non-nil if TEXT has the file of PROBLEM, and its line if it has one."
  (when-let ((file (explog-check-problem-file problem)))
    (string-search (if-let ((line (explog-check-problem-line problem)))
                       (format "%s:%d:" (file-name-nondirectory file) line)
                     (file-name-nondirectory file))
                   text)))

(defun explog-check--summarize (ignored)
  "Set the header line to the number of problems, and of those IGNORED."
  (let ((count (length explog-check-problems))
        (mendable (seq-count #'explog-check-problem-mendable explog-check-problems)))
    (setq explog-review-summary
          (format "%s%s%s  RET: visit%s  k: ignore  g: check  q: quit"
                  (pcase count
                    (0 "No problems")
                    (1 "1 problem")
                    (_ (format "%d problems" count)))
                  (if (zerop mendable) ""
                    (format ", %d can be mended" mendable))
                  (if (zerop ignored) ""
                    (format ", %d ignored" ignored))
                  (if (zerop mendable) ""
                    "  m: mend  M: mend all of the kind")))))

(defun explog-check--goto (item line)
  "Go to ITEM, a problem of the previous list, or else to LINE."
  (goto-char (point-min))
  (let ((start (point)) found)
    (when item
      (while (and (not found) (not (eobp)))
        (let ((other (explog-review-item)))
          (when (and other (equal (explog-check--key other) (explog-check--key item)))
            (setq found t)))
        (unless found
          (forward-line))))
    (unless found
      (goto-char start)
      (forward-line (1- line))
      (unless (explog-review-item)
        (or (explog-review-move 1)
            (progn (goto-char (point-max))
                   (explog-review-move -1))))))
  (dolist (window (get-buffer-window-list nil nil t))
    (set-window-point window (point))))

(defun explog-check--key (problem)
  "Return values that identify PROBLEM in the list of another check."
  (list (explog-check-problem-kind problem)
        (explog-check-problem-ignored problem)
        (explog-check-problem-file problem)
        (explog-check-problem-experiment problem)
        (explog-check-problem-step problem)
        (explog-check-problem-line problem)))

(defun explog-check--insert-group (kind problems)
  "Insert a heading for KIND, and PROBLEMS."
  (pcase-let ((`(,face ,name) (or (cdr (assoc kind explog-check--kinds))
                                  (list 'explog-check-slight kind))))
    (unless (bobp)
      (insert "\n"))
    (insert (propertize (format "%s (%d)" name (length problems)) 'face face) "\n")
    (mapc #'explog-check--insert problems)))

(defun explog-check--insert-ignored (problems)
  "Insert a heading and the ignored PROBLEMS, if there are any."
  (when problems
    (insert (propertize (format "\nIgnored (%d); k lists one with the others again\n"
                                (length problems))
                        'face 'explog-review-where))
    (mapc #'explog-check--insert problems)))

(defun explog-check--insert (problem)
  "Insert a line for PROBLEM."
  (insert (propertize
           (concat (if (explog-check-problem-mendable problem) "→ " "  ")
                   (propertize (format "%-9s " (explog-check--reference problem))
                               'face 'bold)
                   (explog-check--where problem)
                   (explog-check--message problem)
                   "\n")
           'explog-review-item problem
           'mouse-face 'highlight
           'help-echo "RET, mouse-2: go there")))

(defun explog-check--message (problem)
  "Return the message of PROBLEM on one line, with the home folder as `~'."
  (let ((home (file-name-as-directory (expand-file-name "~"))))
    (string-replace home "~/"
                    (string-replace "\n" " " (explog-check-problem-message problem)))))

(defun explog-check--reference (problem)
  "Return the reference to the step or experiment of PROBLEM, or \"\"."
  (if-let ((experiment (explog-check-problem-experiment problem)))
      (concat "e" experiment
              (if-let ((step (explog-check-problem-step problem)))
                  (concat "." step)
                ""))
    ""))

(defun explog-check--where (problem)
  "Return the file and line of PROBLEM."
  (if-let ((file (explog-check-problem-file problem)))
      (propertize (if-let ((line (explog-check-problem-line problem)))
                      (format "%s:%d: " (file-name-nondirectory file) line)
                    (format "%s: " (file-name-nondirectory file)))
                  'face 'explog-review-where)
    ""))

(defun explog-check-visit (&optional event)
  "Go to the problem at point, or where EVENT is."
  (interactive (list last-nonmenu-event))
  (when (mouse-event-p event)
    (mouse-set-point event))
  (let ((problem (explog-check-here)))
    (explog-review-visit (or (explog-check-problem-file problem)
                             (user-error "This problem has no place in a log"))
                         (explog-check-problem-line problem)
                         (explog-check-problem-experiment problem)
                         (explog-check-problem-step problem))))

;;;; Showing how a problem is mended

(defun explog-check--preview (problem)
  "Return the overlay that displays how to mend PROBLEM, or nil."
  (seq-find (lambda (overlay) (eq problem (overlay-get overlay 'explog-check-mend)))
            (overlays-in (point-min) (point-max))))

(defun explog-check--show-mend (problem start end)
  "Display how to mend PROBLEM below its line, from START to END."
  (let ((overlay (make-overlay start end)))
    (overlay-put overlay 'explog-check-mend problem)
    (overlay-put overlay 'evaporate t)
    (overlay-put overlay 'after-string (explog-check--diff problem))))

(defun explog-check--diff (problem)
  "Return the change that mends PROBLEM as an indented diff."
  (mapconcat
   (lambda (line)
     (concat (propertize
              (format "    line %d\n"
                      (+ (explog-check-line-edit-line line)
                         (explog-check-problem-entry-line problem)))
              'face 'explog-review-where)
             (explog-review-change (string-remove-suffix "\r" (explog-check-line-edit-old line))
                                   (string-remove-suffix "\r" (explog-check-line-edit-new line))
                                   "    ")))
   (explog-check-problem-lines problem) ""))

(defun explog-check--line-bounds ()
  "Return (BEG . END) of the line at point."
  (cons (line-beginning-position) (line-beginning-position 2)))

;;;; Mending
(defun explog-check-toggle ()
  "Display how to mend the problem at point, or hide that."
  (interactive)
  (let ((problem (explog-check--mendable-here)))
    (if-let ((overlay (explog-check--preview problem)))
        (delete-overlay overlay)
      (pcase-let ((`(,beg . ,end) (explog-check--line-bounds)))
        (explog-check--show-mend problem beg end)))))

(defun explog-check--mendable-here ()
  "Return the problem at point if it can be mended, else signal an error."
  (let ((problem (explog-check-here)))
    (unless (explog-check-problem-mendable problem)
      (user-error "This cannot be mended automatically"))
    problem))

(defun explog-check-mend ()
  "Display how to mend the problem at point; if it is displayed, mend it."
  (interactive)
  (let ((problem (explog-check--mendable-here)))
    (if (explog-check--preview problem)
        (explog-check--mend (list problem))
      (explog-check-toggle)
      (message "%s" (substitute-command-keys
                     "\\[explog-check-mend] again mends it, \\[explog-check-toggle] hides this")))))

(defun explog-check-mend-kind ()
  "Display how to mend all problems of this kind; if displayed, mend them."
  (interactive)
  (let* ((kind (explog-check-problem-kind (explog-check-here)))
         (problems (or (seq-filter (lambda (problem)
                                     (and (equal kind (explog-check-problem-kind problem))
                                          (explog-check-problem-mendable problem)))
                                   explog-check-problems)
                       (user-error "These cannot be mended automatically"))))
    (if (explog-check--show-mends problems)
        (message "%s" (substitute-command-keys
                       "\\[explog-check-mend-kind] again mends all that is shown"))
      (explog-check--mend problems))))

(defun explog-check--show-mends (problems)
  "Display how to mend PROBLEMS; return nil if all are displayed already."
  (let ((shown (make-hash-table :test #'eq)) new)
    (dolist (overlay (overlays-in (point-min) (point-max)))
      (when-let ((problem (overlay-get overlay 'explog-check-mend)))
        (puthash problem t shown)))
    (save-excursion
      (goto-char (point-min))
      (while (not (eobp))
        (let ((problem (explog-review-item)))
          (when (and (memq problem problems) (not (gethash problem shown)))
            (pcase-let ((`(,beg . ,end) (explog-check--line-bounds)))
              (explog-check--show-mend problem beg end))
            (setq new t)))
        (forward-line)))
    new))

(defun explog-check--mend (problems)
  "Let the server mend PROBLEMS as displayed, then check again."
  (explog-review-ask
   "mend" (list (mapcar #'explog-check--mend-row problems))
   "Mending..."
   (lambda (answer)
     (explog-check--report problems answer)
     (explog-check-again))))

(defun explog-check--mend-row (problem)
  "Return what the server needs to mend PROBLEM."
  (explog-check-make-mend-row
   :kind (explog-check-problem-kind problem)
   :file (explog-check-problem-file problem)
   :experiment (explog-check-problem-experiment problem)
   :offset (- (explog-check-problem-line problem)
              (explog-check-problem-entry-line problem))
   :lines (explog-check-problem-lines problem)))

(defun explog-check--report (problems answer)
  "Tell how many of PROBLEMS were mended.
ANSWER has nil or the reason of the failure for each."
  (let* ((why (delq nil (append answer nil)))
         (done (- (length problems) (length why))))
    (message "explog: %d mended%s" done
             (if why (format ", %d not: %s" (length why) (car why)) ""))))

;;;; Ignoring

(defun explog-check-ignore ()
  "Ignore the problem at point from now on; one that is ignored, no more.
The server keeps that.  What is said of a problem identifies it, and not
its line."
  (interactive)
  (let* ((problem (explog-check-here))
         (ignored (explog-check-problem-ignored problem)))
    (explog-review-ask
     "ignore" (list (list (explog-check--make-ignore-row
                           :kind (explog-check-problem-kind problem)
                           :file (explog-check-problem-file problem)
                           :experiment (explog-check-problem-experiment problem)
                           :step (explog-check-problem-step problem)
                           :message (explog-check-problem-message problem)))
                    (not ignored))
     (if ignored "Ignoring no more..." "Ignoring...")
     (lambda (_)
       (message "%s" (if ignored
                         "Listed with the others again"
                       "Ignored; it is listed at the end of the buffer"))
       (explog-check-again)))))

;; With evil and meow as well.
(explog-keep-keys 'explog-check-mode explog-check-mode-map)

(provide 'explog-check)
;;; explog-check.el ends here
