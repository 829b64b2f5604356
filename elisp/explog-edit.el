;;; explog-edit.el --- Edit experiments for the server  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; How hashes get into a log that a buffer visits.  The server decides
;; which hash goes where: it receives the text of an entry, and replies
;; with the lines to replace.
;;
;; The server calls these functions while the user does something else.
;; So none of them prompts, shows a window, moves point, or changes a
;; buffer whose text is not what the server expects.  Afterwards the buffer
;; is saved without a question, and one short message is shown.

;;; Code:

(require 'explog-base)
(require 'explog-heading)
(require 'explog-log)
(require 'seq)
(require 'subr-x)

(defmacro explog-edit--quietly (&rest body)
  "Do BODY; whatever would prompt or show a window signals an error."
  (declare (indent 0) (debug t))
  `(let ((inhibit-interaction t)
         (use-dialog-box nil)
         (debug-on-error nil)
         (debug-on-quit nil)
         (display-buffer-overriding-action
          '(display-buffer-no-window (allow-no-window . t)))
         (deactivate-mark nil))
     ,@body))

;;;; Why a buffer must not be edited

(defun explog-edit--name ()
  "Return the name of the log in this buffer, for messages."
  (file-name-nondirectory buffer-file-name))

(defun explog-edit-problem ()
  "Return the reason why this buffer must not be edited now, or nil."
  (let ((name (explog-edit--name))
        (owner (file-locked-p (expand-file-name buffer-file-truename))))
    (cond (buffer-read-only
           (format "the buffer %s is read-only" (buffer-name)))
          ((not (or (verify-visited-file-modtime) (explog-edit--same-on-disk-p)))
           (format (if (file-exists-p buffer-file-name)
                       "%s changed on disk; revert its buffer"
                     "%s was deleted; save its buffer to have it back")
                   name))
          ((explog-log-protected-p buffer-file-name)
           (format "%s is read-only" name))
          ((stringp owner)
           (format "%s is being edited in another Emacs (%s)" name owner)))))

(defun explog-edit--same-on-disk-p ()
  "Return non-nil if the file was rewritten with the text of this buffer.
That happens when git goes back and forth in the log's repository, and
Emacs itself does not prompt then.  A modified buffer is not compared."
  (and (not (buffer-modified-p))
       (explog-edit--same-as-file-p)
       (progn (set-visited-file-modtime)
              t)))

(defun explog-edit--same-as-file-p ()
  "Return non-nil if the file has the text of this buffer."
  (and (file-readable-p buffer-file-name)
       (let ((buffer (current-buffer))
             (file buffer-file-name)
             (coding-system-for-read buffer-file-coding-system))
         (with-temp-buffer
           (insert-file-contents file)
           (explog-edit--same-text-p buffer)))))

(defun explog-edit--same-text-p (buffer)
  "Return non-nil if BUFFER has the text of the current buffer."
  (let ((temporary (current-buffer))
        (case-fold-search nil))
    (with-current-buffer buffer
      (save-restriction
        (widen)
        (and (= (buffer-size) (buffer-size temporary))
             (zerop (compare-buffer-substrings
                     nil nil nil temporary nil nil)))))))

;;;; Experiments that are not begun

(defcustom explog-start-state "INPROGRESS"
  "The TODO keyword of an experiment that is in progress.
When a hash comes to an experiment that still has the first keyword, a
message offers to set this one by `explog-start'; nil offers nothing."
  :type '(choice string (const :tag "Offer nothing" nil))
  :group 'explog)

(defvar explog-edit-unstarted nil
  "The id of the experiment that `explog-start' was offered for, or nil.")

(defvar explog-edit--offered nil
  "The ids of the experiments for which that was offered, each once.")

(defvar org-todo-sets)

;;;; A file that another program wrote

(defcustom explog-revert-logs t
  "Whether a log without unsaved changes is read again when its file changed.
Another Emacs with explog, git or a terminal may have written it.  Then
Emacs does not ask about that when you go on typing."
  :type 'boolean
  :group 'explog)

(defun explog-edit-refresh (&rest _)
  "Revert each log without unsaved modifications whose file is newer.
For `explog-cache-changed-functions'."
  (when explog-revert-logs
    (dolist (buffer (buffer-list))
      (with-current-buffer buffer
        (when (and (not (buffer-modified-p))
                   (explog-log-buffer-p)
                   (not (verify-visited-file-modtime))
                   (file-readable-p buffer-file-name))
          (with-demoted-errors "explog: %S"
            (explog-edit--quietly
              (let ((revert-without-query nil))
                (revert-buffer t t t)))))))))

;;;; Saving and messages

(defvar-local explog-edit--tick nil
  "The tick of this buffer after explog's last edit, or nil.
It is nil if the buffer had other unsaved changes then.")

(defun explog-edit--save ()
  "Save the current buffer, unless the user modified it as well.
Return nil, or the reason why it is not saved."
  (cond ((not (buffer-modified-p)) nil)
        ((not (eql explog-edit--tick (buffer-chars-modified-tick)))
         "not saved, as the buffer has other changes")
        (t (let ((why (or (explog-edit-problem)
                          (condition-case err (explog-edit--write)
                            (inhibited-interaction "that would ask something")
                            ((error quit) (error-message-string err))))))
             (explog-edit--settle)
             (and (buffer-modified-p)
                  (format "not saved: %s" why))))))

(defun explog-edit--settle ()
  "Note that this buffer is saved if its file has the same text.
Another Emacs may have made and saved the same edit at the same time."
  (when (and (buffer-modified-p)
             (not (verify-visited-file-modtime))
             (explog-edit--same-as-file-p))
    (set-visited-file-modtime)
    (restore-buffer-modified-p nil)))

(defun explog-edit--write ()
  "Save the current buffer without prompting."
  (explog-edit--quietly
    (let ((save-silently t)
          (require-final-newline nil))
      (basic-save-buffer)
      nil)))

(defun explog-edit--report (messages caveat)
  "Show the first few of MESSAGES, and CAVEAT unless that is nil."
  (let ((more (- (length messages) 3)))
    (explog-edit--show
     (format "explog: %s%s%s"
             (string-join (seq-take messages 3) ", ")
             (if (> more 0) (format " and %d more" more) "")
             (if caveat (format " (%s)" caveat) "")))))

(defun explog-edit-tell (message)
  "Show MESSAGE, which the server sent."
  (explog-edit--show (format "explog: %s" message))
  t)

(defvar explog-edit--shown nil
  "The message that was shown last.")

(defun explog-edit--show (text)
  "Show TEXT as a message, again if magit covers it at once."
  (setq text (explog-visible (truncate-string-to-width text 1000 nil nil t))
        explog-edit--shown text)
  (message "%s" text)
  (unless noninteractive
    (run-with-timer 0.3 nil #'explog-edit--show-again
                    text num-nonmacro-input-events)))

(defun explog-edit--show-again (text events)
  "Show TEXT again if another message covers it, and no input came since EVENTS."
  (unless (or (not (eq text explog-edit--shown))
              (member (current-message) (list nil text))
              (/= events num-nonmacro-input-events)
              this-command
              (active-minibuffer-window))
    (let ((message-log-max nil))
      (message "%s" text))))

;;;; Entries in buffers

(defvar explog-edit--index nil
  "An index of one buffer, while many entries are looked up, or nil.
It is (BUFFER TABLE PROBLEM POSITION LINE), or (nil) before the first
lookup.  TABLE maps ids to lists of positions.  PROBLEM is the reason why
the buffer must not be edited.  LINE is the line number of POSITION.")

(defvar explog-edit--many 10
  "The number of entries from which an index is worthwhile.")

(defun explog-edit-entries (wanted)
  "Return for each (FILE ID) in WANTED the entry in a buffer, or nil.
An entry is a plist (:file FILE :ident ID :line N :text TEXT :problem
WHY).  TEXT is empty if the buffer of FILE does not have the entry.  If
FILE is empty, search all logs with unsaved changes."
  (explog-edit--quietly
    (let ((explog-edit--index (and (length> wanted explog-edit--many) (list nil)))
          (buffers (make-hash-table :test #'equal)))
      (mapcar (pcase-lambda (`(,file ,id))
                (let ((found (or (gethash file buffers)
                                 (puthash file (explog-edit--buffers file) buffers))))
                  (if (string-empty-p file)
                      (seq-some (lambda (buffer)
                                  (explog-edit--entry
                                   buffer (buffer-file-name buffer) id t))
                                found)
                    (and (car found)
                         (explog-edit--entry (car found) file id nil)))))
              wanted))))

(defun explog-edit--buffers (file)
  "Return a list of the buffer that visits FILE, or (nil) if none does.
If FILE is empty, return the modified buffers that visit logs."
  (if (string-empty-p file)
      (explog-log-modified-buffers)
    ;; A link that leads round in circles is an error for Emacs; nobody
    ;; visits that.
    (list (ignore-errors (find-buffer-visiting file)))))

(defun explog-edit--entry (buffer file id must-exist)
  "Return the entry ID in BUFFER, which visits FILE; see `explog-edit-entries'.
With MUST-EXIST non-nil, return nil if it is not there."
  (with-current-buffer buffer
    (save-restriction
      (widen)
      (let* ((places (explog-edit--places id))
             (start (car places)))
        (when (or start (not must-exist))
          (list :file file :ident id
                :line (if start (explog-edit--line start) 0)
                :text (if start (explog-edit--text start) "")
                :problem (or (explog-edit--twice id places)
                             (if explog-edit--index
                                 (nth 2 explog-edit--index)
                               (explog-edit-problem)))))))))

(defun explog-edit--places (id)
  "Return the positions of the headings of experiment ID in this buffer."
  (if (not explog-edit--index)
      (explog-log-places id)
    (unless (eq (car explog-edit--index) (current-buffer))
      (setcar explog-edit--index (current-buffer))
      (setcdr explog-edit--index
              (list (explog-edit--table) (explog-edit-problem) (point-min) 1)))
    (gethash id (cadr explog-edit--index))))

(defvar-local explog-edit--known nil
  "The last value of `explog-edit--table', ((TICK TAG) . TABLE), or nil.")

(defun explog-edit--table ()
  "Return a hash table from ids to the positions of the experiments here.
It is kept, because the server looks up a long log's entries in several
calls."
  (let ((key (list (buffer-chars-modified-tick) explog-tag)))
    (unless (equal key (car explog-edit--known))
      (let ((table (make-hash-table :test #'equal)))
        (pcase-dolist (`(,id . ,position) (reverse (explog-heading-collect)))
          (push position (gethash id table)))
        (setq explog-edit--known (cons key table))))
    (cdr explog-edit--known)))

(defun explog-edit--line (position)
  "Return the line number of POSITION, which is at the beginning of a line.
With an index, count from the position that was looked up before."
  (pcase explog-edit--index
    (`(,_ ,_ ,_ ,before ,line)
     (let ((new (if (< position before)
                    (line-number-at-pos position)
                  (+ line (count-lines before position)))))
       (setcdr (nthcdr 2 explog-edit--index) (list position new))
       new))
    (_ (line-number-at-pos position))))

(defun explog-edit--text (start)
  "Return the text of the subtree whose heading is at START."
  (save-excursion
    (goto-char start)
    (buffer-substring-no-properties start (explog-log-entry-end))))

(defun explog-edit--twice (id places)
  "Return a message if experiment ID is at several PLACES, else nil."
  (when (cdr places)
    (format "%s: experiment %s is there twice, in lines %d and %d"
            (explog-edit--name) id
            (line-number-at-pos (car places)) (line-number-at-pos (cadr places)))))

(defun explog-edit-unsaved ()
  "Return a list (FILE ID...) for each log in a modified buffer.
The ids are those of its experiments."
  (mapcar (lambda (buffer)
            (with-current-buffer buffer
              (save-restriction
                (widen)
                (cons buffer-file-name (mapcar #'car (explog-heading-collect))))))
          (explog-log-modified-buffers)))

;;;; Edits

(defvar explog-edit-done-functions nil
  "Abnormal hook run when explog edited entries.
Each function gets the buffer and a list of the ids of the experiments.")

(defun explog-edit-file (file entries)
  "Edit ENTRIES in the buffer that visits FILE, as one step for `undo'.
Each entry is (ID EDITS MESSAGES).  Each of EDITS is (LINE OLD NEW), where
LINE counts from the heading, which is line 0.  NEW may go on with lines
to put below it.  MESSAGES tell what the edits do.  An entry is edited as
a whole or not at all.  Save the buffer unless it has other changes.
Return a list of (ID WHY) for the entries that were not edited."
  (let* ((explog-edit--index (and (length> entries explog-edit--many) (list nil)))
         done failed
         (buffer (explog-edit--in-buffer
                  file
                  (lambda ()
                    ;; From the bottom up, so that the positions stay right.
                    (pcase-dolist (`(,id ,edits ,messages)
                                   (explog-edit--upwards entries))
                      (condition-case err
                          (progn
                            (explog-edit--replace id edits)
                            (setq done (append messages done)))
                        (error (push (list id (error-message-string err))
                                     failed))))))))
    (when done
      (explog-edit--report (append done (explog-edit--offer buffer entries failed))
                           (with-current-buffer buffer
                             (explog-edit--save)))
      (run-hook-with-args 'explog-edit-done-functions buffer
                          (seq-remove (lambda (id) (assoc id failed))
                                      (mapcar #'car entries))))
    failed))

(defun explog-edit-further (edit)
  "Call EDIT in the current buffer, which explog edited before, and save it.
If nothing else changed since, both are one step for `undo'.  Where the
buffer must not be edited, do nothing."
  (ignore-errors
    (let ((further (and (eql explog-edit--tick (buffer-chars-modified-tick))
                        (consp buffer-undo-list)
                        (null (car buffer-undo-list)))))
      (when further
        (pop buffer-undo-list))
      (explog-edit--in-buffer buffer-file-name edit further)
      (explog-edit--save))))

(defun explog-edit--offer (buffer entries failed)
  "Return messages that offer to start one of ENTRIES in BUFFER.
FAILED are those that were not edited.  Only what got a hash is offered."
  (when-let ((entry (and explog-start-state
                         (seq-find (lambda (entry)
                                     (and (not (assoc (car entry) failed))
                                          (not (member (car entry) explog-edit--offered))
                                          (seq-some (lambda (message) (string-search "←" message))
                                                    (nth 2 entry))
                                          (explog-edit--unstarted-p buffer (car entry))))
                                   entries))))
    (setq explog-edit-unstarted (car entry))
    (push (car entry) explog-edit--offered)
    (list (format "%s is not %s yet (M-x explog-start)" (car entry) explog-start-state))))

(defun explog-edit--unstarted-p (buffer id)
  "Return non-nil if experiment ID in BUFFER has its first TODO state."
  (with-current-buffer buffer
    (save-excursion
      (save-restriction
        (widen)
        (goto-char (explog-edit--start id))
        (let ((case-fold-search nil)
              (sequence (car (bound-and-true-p org-todo-sets))))
          (and (member explog-start-state sequence)
               (looking-at-p (format "\\*+ +%s\\(?:[ \t]\\|$\\)"
                                     (regexp-quote (car sequence))))
               (not (equal explog-start-state (car sequence)))))))))

(defun explog-edit--upwards (entries)
  "Return ENTRIES, (ID ...) each, in the reverse order of the buffer."
  (let ((places (mapcar (lambda (entry)
                          (cons (or (car (explog-edit--places (car entry))) 0) entry))
                        entries)))
    (mapcar #'cdr (nreverse (sort places #'car-less-than-car)))))

(defun explog-edit--in-buffer (file edit &optional further)
  "Call EDIT in the buffer that visits FILE, as one step for `undo'.
With FURTHER non-nil, it belongs to the step before.  Return that buffer."
  (let ((buffer (or (find-buffer-visiting file)
                    (error "No buffer visits %s any more" file))))
    (with-current-buffer buffer
      (explog-edit--quietly
        (when-let ((problem (explog-edit-problem)))
          (error "%s" problem))
        (let ((alone (or (not (buffer-modified-p))
                         (eql explog-edit--tick (buffer-chars-modified-tick)))))
          (unless further
            (undo-boundary))
          (save-excursion
            (save-restriction
              (widen)
              (funcall edit)))
          (undo-boundary)
          (setq explog-edit--tick (and alone (buffer-chars-modified-tick))))))
    buffer))

(defun explog-edit--replace (id edits)
  "Make all EDITS in the entry ID of the current buffer, or none."
  (let* ((start (explog-edit--start id))
         (end (save-excursion (goto-char start) (explog-log-entry-end)))
         (places (mapcar (lambda (edit) (explog-edit--place start end edit))
                         edits)))
    (atomic-change-group
      (pcase-dolist (`(,beg . ,new) (nreverse (sort places #'car-less-than-car)))
        (explog-edit--splice beg new)))))

(defun explog-edit--start (id)
  "Return the position of experiment ID in this buffer, or signal an error."
  (let ((places (explog-edit--places id)))
    (when-let ((problem (explog-edit--twice id places)))
      (error "%s" problem))
    (or (car places)
        (error "%s: there is no experiment %s any more" (explog-edit--name) id))))

(defun explog-edit--place (start end edit)
  "Return (BEG . NEW) for EDIT in the entry from START to END.
Signal an error if the line does not have the text that EDIT expects, or
if EDIT would insert a heading."
  (pcase-let ((`(,line ,old ,new) edit))
    (goto-char start)
    (unless (and (zerop (forward-line line))
                 (< (point) end)
                 (equal old (buffer-substring-no-properties
                             (point) (line-end-position)))
                 (not (string-match-p "\n\\*" new)))
      (error "%s:%d: the line changed meanwhile"
             buffer-file-name (+ line (line-number-at-pos start))))
    (cons (point) new)))

(defun explog-edit--splice (beg new)
  "Replace the line that begins at BEG by NEW; touch only what differs.
So point, markers, overlays and text properties in the line stay."
  (goto-char beg)
  (let ((old (buffer-substring-no-properties beg (line-end-position))))
    (pcase-dolist (`(,from ,to ,text)
                   (nreverse (explog-edit-changes old new beg)))
      (goto-char from)
      (explog-edit-insert text)
      (delete-region (point) (+ (point) (- to from))))))

(defun explog-edit-insert (text)
  "Insert TEXT, and hide it if the text before it is hidden.
Otherwise a hash at the end of a fold would be visible in Org 9.5."
  (let* ((start (point))
         (folds (seq-filter (lambda (overlay)
                              (and (overlay-get overlay 'invisible)
                                   (= start (overlay-end overlay))))
                            (overlays-in (max (point-min) (1- start)) start))))
    (insert text)
    (dolist (fold folds)
      (move-overlay fold (overlay-start fold) (point)))))

(defun explog-edit-changes (old new offset)
  "Return how to turn OLD into NEW, a list of (FROM TO TEXT).
The text from FROM to TO, which count from OFFSET, is replaced by TEXT."
  (let ((i 0) (j 0) changes same)
    (while (not (eq t (setq same (compare-strings old i nil new j nil))))
      (setq i (+ i (abs same) -1)
            j (+ j (abs same) -1))
      (pcase-let ((`(,less . ,more) (explog-edit--resume old new i j)))
        (push (list (+ offset i) (+ offset less) (substring new j more)) changes)
        (setq i less j more)))
    (nreverse changes)))

(defun explog-edit--resume (old new i j)
  "Return (I . J), the next positions where OLD and NEW read the same again.
The search begins at I in OLD and J in NEW.  If there are no such
positions nearby, return the ends."
  (or (catch 'found
        (dotimes (apart 64)
          (dotimes (less (1+ apart))
            (let ((in-old (+ i less))
                  (in-new (+ j (- apart less))))
              (when (and (<= in-old (length old))
                         (<= in-new (length new))
                         (string= (explog-edit--piece old in-old 4)
                                  (explog-edit--piece new in-new 4)))
                (throw 'found (cons in-old in-new)))))))
      (cons (length old) (length new))))

(defun explog-edit--piece (text start size)
  "Return up to SIZE characters of TEXT from START on."
  (substring text (min start (length text)) (min (+ start size) (length text))))

(provide 'explog-edit)
;;; explog-edit.el ends here
